/** Stands in for `@std/testing/time` where JSR cannot be reached: `FakeTime` over `@sinonjs/fake-timers`. */
import * as fakeTimers from "@sinonjs/fake-timers";

type Clock = ReturnType<typeof fakeTimers.install>;

/** Replaces the clock and the timers of this realm until it is disposed of or restored. */
export class FakeTime implements Disposable {
  readonly start: number;
  readonly #clock: Clock;

  constructor(start: number | string | Date = Date.now()) {
    this.start = new Date(start).valueOf();
    this.#clock = fakeTimers.install({
      now: this.start,
      toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    });
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#clock.now;
  }

  set now(value: number) {
    if (value < this.now) {
      throw new RangeError(`Cannot set time in the past, time must be >= ${this.now}: received ${value}`);
    }
    this.tick(value - this.now);
  }

  /** Moves the time on and runs what falls due. */
  tick(ms = 0): void {
    this.#clock.tick(ms);
  }

  /** As {@linkcode tick}, and lets promises settle before and after each timer. */
  async tickAsync(ms = 0): Promise<void> {
    await this.#clock.tickAsync(ms);
  }

  /** Moves the time on to the next timer; whether there was one. */
  next(): boolean {
    const some = this.#clock.countTimers() > 0;
    this.#clock.next();
    return some;
  }

  async nextAsync(): Promise<boolean> {
    const some = this.#clock.countTimers() > 0;
    await this.#clock.nextAsync();
    return some;
  }

  /** Runs all timers, also those that are added meanwhile. */
  runAll(): void {
    this.#clock.runAll();
  }

  async runAllAsync(): Promise<void> {
    await this.#clock.runAllAsync();
  }

  /** Lets promises settle. */
  async runMicrotasks(): Promise<void> {
    await this.#clock.tickAsync(0);
  }

  restore(): void {
    this.#clock.uninstall();
  }

  [Symbol.dispose](): void {
    this.restore();
  }
}
