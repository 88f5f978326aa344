/** Stands in for `@std/testing/time` where JSR cannot be reached: `FakeTime` over `@sinonjs/fake-timers`. */
import * as fakeTimers from "@sinonjs/fake-timers";

type Clock = ReturnType<typeof fakeTimers.install>;

/** An error in the use of fake time. */
export class TimeError extends Error {
  override name = "TimeError";
}

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

/** The present fake time, if any. */
let faked: FakeTime | undefined;

/** Replaces the clock and the timers of this realm until it is disposed of or restored. */
export class FakeTime implements Disposable {
  readonly start: number;
  readonly #clock: Clock;

  constructor(start?: number | string | Date | null) {
    if (faked) throw new TimeError("Cannot construct FakeTime: time is already faked");
    this.start = start === undefined || start === null ? Date.now() : new Date(start).valueOf();
    if (Number.isNaN(this.start)) throw new TimeError(`Cannot construct FakeTime: invalid start time ${start}`);
    this.#clock = install(this.start);
    faked = this;
  }

  /** Restores real time. */
  static restore(): void {
    if (!faked) throw new TimeError("Cannot restore time: time is already restored");
    faked.restore();
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#clock.now;
  }

  set now(value: number) {
    if (value < this.now) {
      throw new RangeError(`Cannot set time in the past, time must be >= ${this.now}: received ${value}`);
    }
    this.#clock.tick(value - this.now);
  }

  /** Moves the time on and runs what falls due. */
  tick(ms = 0): void {
    this.now += ms;
  }

  /** As {@linkcode tick}, but promises settle first. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    this.tick(ms);
  }

  /** Moves the time on to the next timer; whether there was one. */
  next(): boolean {
    const some = this.#clock.countTimers() > 0;
    this.#clock.next();
    return some;
  }

  /** As {@linkcode next}, but promises settle first. */
  async nextAsync(): Promise<boolean> {
    await this.runMicrotasks();
    return this.next();
  }

  /** Runs all timers, also those that are added meanwhile. */
  runAll(): void {
    while (this.next());
  }

  /** As {@linkcode runAll}, but promises settle before each timer. */
  async runAllAsync(): Promise<void> {
    while (await this.nextAsync());
  }

  /** Lets promises settle. */
  async runMicrotasks(): Promise<void> {
    await this.delay(0);
  }

  /** Waits in real time. */
  async delay(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal?.throwIfAborted();
    const abort = () => reject(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const timer = real.setTimeout(resolve, ms);
    try {
      await promise;
    } finally {
      real.clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Restores real time. */
  restore(): void {
    if (faked !== this) throw new TimeError("Cannot restore time: time is already restored");
    faked = undefined;
    this.#clock.uninstall();
  }

  [Symbol.dispose](): void {
    this.restore();
  }
}

function install(now: number): Clock {
  return fakeTimers.install({
    now,
    toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  });
}
