/**
 * Input that an open transaction of another program holds back: a `read_committed` reader may not see the records
 * before the transaction ends. That is normal for a moment. When it lasts, it is reported with the name of the
 * transaction.
 *
 * @module
 */

import type { TimerClock } from "../../base/clock.ts";
import type { Line, OpenTransaction, PartitionPlace } from "./driver.ts";
import { HELD_BACK_UNTOLD } from "./limits.ts";
import type { Trouble } from "./trouble.ts";

/** One partition, and how far it is read. */
interface Held extends PartitionPlace {
  readonly topic: string;
  readonly position: number;
}

interface Wait {
  readonly position: number;
  /** When the wait began, on the monotonic clock in milliseconds. */
  readonly since: number;
  /** The message that was reported. */
  sentence: string | undefined;
}

/** Watches the partitions of one fetcher. */
export class HeldBack {
  readonly #line: Line;
  readonly #trouble: Trouble;
  readonly #clock: TimerClock;
  readonly #waits = new Map<string, Wait>();

  constructor(line: Line, trouble: Trouble, clock: TimerClock) {
    this.#line = line;
    this.#trouble = trouble;
    this.#clock = clock;
  }

  /** Records what a fetch showed. Returns whether it is time to {@linkcode tell} of this partition. */
  notice(key: string, position: number, { end, latest }: { readonly end: number; readonly latest: number }): boolean {
    const wait = this.#waits.get(key);
    const held = position >= end && position < latest;
    if (wait !== undefined && (!held || wait.position !== position)) this.forget(key);
    if (!held) return false;
    const now = this.#clock.elapsed();
    if (wait?.position !== position) {
      this.#waits.set(key, { position, since: now, sentence: undefined });
      return false;
    }
    return wait.sentence === undefined && now - wait.since >= HELD_BACK_UNTOLD;
  }

  /** Finds the transaction that holds a partition back, and reports it. */
  async tell(key: string, held: Held, latest: number): Promise<void> {
    const open = await this.#line.openTransactions(held.topic, held).catch(() => []);
    const wait = this.#waits.get(key);
    if (wait === undefined) return;
    wait.sentence = describe(held, latest, open);
    this.#report();
  }

  /** Ends the wait: the partition is read on, or no longer read. */
  forget(key: string): void {
    const wait = this.#waits.get(key);
    this.#waits.delete(key);
    if (wait?.sentence !== undefined) this.#report();
  }

  #report(): void {
    const sentences = [...this.#waits.values()].flatMap(({ sentence }) => sentence ?? []);
    if (sentences.length === 0) return this.#trouble.works("transactions");
    const more = sentences.length === 1 ? "" : `; so are ${sentences.length - 1} more partitions`;
    this.#trouble.tell("transactions", new Error(`${sentences[0]}${more}`));
  }
}

function describe(
  { topic, partition, position }: Held,
  latest: number,
  [oldest, ...others]: readonly OpenTransaction[],
): string {
  const { transactionalId, producer, since } = oldest ?? {};
  const name = transactionalId === undefined ? `producer ${producer}` : `"${transactionalId}" (producer ${producer})`;
  const who = oldest === undefined ? "" : ` of ${name}`;
  const when = since === undefined ? "" : ` since ${new Date(since).toISOString()}`;
  const behind = others.length === 0 ? "" : `, with ${others.length} more behind it`;
  return `the input ${topic}/${partition} is held back at offset ${position} by an open transaction${who}${when}${behind}: ` +
    `the ${
      latest - position
    } offsets from there on can be read when it ends. It ends with its producer or the producer's ` +
    `transaction.timeout.ms, or by kafka-transactions.sh abort --topic ${topic} --partition ${partition} --start-offset ${position}`;
}
