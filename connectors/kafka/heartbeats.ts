/**
 * Heartbeats in one generation of a consumer group.
 *
 * @module
 */

import type { TimerClock } from "../../base/clock.ts";
import type { Line, Membership } from "./driver.ts";
import { CODE, hasCode, isDisconnected, isPassing, KafkaError } from "./errors.ts";
import { HEARTBEAT_INTERVAL, RETRY_PAUSE } from "./limits.ts";
import { Backoff, pause } from "../../base/backoff.ts";
import type { Trouble } from "./trouble.ts";

/** Sends heartbeats until `end` is called, also while the end of the generation is being prepared. */
export class Heartbeats {
  readonly #line: Line;
  readonly #membership: Membership;
  readonly #trouble: Trouble;
  readonly #explain: (error: unknown) => Error;
  readonly #clock: TimerClock;
  readonly #ended = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(line: Line, membership: Membership, { trouble, explain, clock }: {
    readonly trouble: Trouble;
    readonly explain: (error: unknown) => Error;
    readonly clock: TimerClock;
  }) {
    this.#line = line;
    this.#membership = membership;
    this.#trouble = trouble;
    this.#explain = explain;
    this.#clock = clock;
    this.#over.promise.catch(() => {});
    this.#done = this.#beat();
  }

  /**
   * Resolves when the generation is over or the signal is aborted.
   *
   * @throws {KafkaError} when the group refuses this member, so that the state of the generation is unknown
   */
  async over(signal: AbortSignal): Promise<void> {
    const stop = () => this.#over.resolve();
    if (signal.aborted) return;
    signal.addEventListener("abort", stop);
    try {
      await this.#over.promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /**
   * Sends one heartbeat now.
   *
   * @throws {KafkaError} when the generation is over, or the group does not answer; the reader handles both
   */
  async alive(): Promise<void> {
    if (this.#isOver) throw this.#assignmentOver(CODE.rebalanceInProgress);
    try {
      await this.#line.heartbeat(this.#membership);
    } catch (error) {
      if (!isOver(error)) throw error;
      this.#finish();
      throw this.#assignmentOver(error.code!);
    }
  }

  /** Stops the heartbeats. */
  async end(): Promise<void> {
    this.#ended.abort();
    this.#over.resolve();
    await this.#done;
  }

  #assignmentOver(code: number): KafkaError {
    const { group } = this.#membership;
    return new KafkaError(`The assignment is over: the consumer group "${group}" is changing`, {
      kind: "broker",
      code,
    });
  }

  #finish(): void {
    this.#isOver = true;
    this.#over.resolve();
  }

  async #beat(): Promise<void> {
    const { signal } = this.#ended;
    const backoff = new Backoff(RETRY_PAUSE, this.#clock);
    await pause(this.#clock, HEARTBEAT_INTERVAL, signal);
    while (!signal.aborted) {
      try {
        await this.#line.connect();
        await this.#line.heartbeat(this.#membership);
        backoff.reset();
        this.#trouble.works("group");
      } catch (error) {
        if (signal.aborted) return;
        // During a rebalance the session must not end, so heartbeats continue. A generation that is gone needs none.
        if (isOver(error)) this.#finish();
        if (hasCode(error, CODE.illegalGeneration) || hasCode(error, CODE.unknownMember)) return;
        if (!isOver(error)) {
          if (!isPassing(error)) {
            this.#isOver = true;
            this.#over.reject(error);
            return;
          }
          this.#trouble.failed("group", error, this.#explain(error));
          if (isDisconnected(error)) this.#line.renew();
          await backoff.wait(signal);
          continue;
        }
      }
      await pause(this.#clock, HEARTBEAT_INTERVAL, signal);
    }
  }
}

function isOver(error: unknown): error is KafkaError {
  return error instanceof KafkaError && (error.code === CODE.rebalanceInProgress ||
    error.code === CODE.illegalGeneration || error.code === CODE.unknownMember);
}
