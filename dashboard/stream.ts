/**
 * The details of a job as server-sent events: one snapshot a second for all readers, the newest only.
 *
 * A snapshot is made when a reader is ready for it. So nothing is made while nobody reads, nothing is queued, and a slow
 * reader skips what lay between.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/thrown.ts";
import { COME_BACK_MS, MOST_READERS, SNAPSHOT_MS } from "./limits.ts";

/** A snapshot as it is sent. */
interface Snapshot {
  readonly number: number;
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One reader. */
interface Reader {
  /** Ends its stream. */
  end(): void;
}

/** The streams of all readers. */
export class DetailsStream {
  readonly #details: () => Promise<unknown>;
  readonly #clock: Pick<Clock, "elapsed" | "after">;
  readonly #readers = new Set<Reader>();
  readonly #closed = Promise.withResolvers<undefined>();
  #isClosed = false;
  #newest: Snapshot | undefined;
  #next: Promise<Snapshot | undefined> | undefined;

  /**
   * @param details makes a snapshot
   * @param clock waits between two of them
   */
  constructor(details: () => Promise<unknown>, clock: Pick<Clock, "elapsed" | "after">) {
    this.#details = details;
    this.#clock = clock;
  }

  /** How many readers there are. */
  get size(): number {
    return this.#readers.size;
  }

  /** A stream for one more reader; `undefined` when there are too many. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#isClosed || this.size >= MOST_READERS) return undefined;
    let seen = -1;
    let reader: Reader | undefined;
    let greeting = true;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        reader = {
          end: () => {
            this.#readers.delete(reader!);
            controller.close();
          },
        };
        this.#readers.add(reader);
      },
      pull: async (controller) => {
        if (greeting) {
          greeting = false;
          return controller.enqueue(utf8(`retry: ${COME_BACK_MS}\n\n`));
        }
        const newest = await this.#after(seen);
        if (newest === undefined || !this.#readers.has(reader!)) return;
        seen = newest.number;
        controller.enqueue(newest.bytes);
      },
      cancel: () => void this.#readers.delete(reader!),
    }, { highWaterMark: 0 });
  }

  /** Ends all streams. A server that shuts down waits for them. */
  close(): void {
    this.#isClosed = true;
    this.#closed.resolve(undefined);
    for (const reader of [...this.#readers]) reader.end();
  }

  /** The first snapshot after that one that is new enough; `undefined` when the streams are closed. */
  #after(seen: number): Promise<Snapshot | undefined> {
    const newest = this.#newest;
    if (newest !== undefined && newest.number > seen && this.#clock.elapsed() - newest.at < SNAPSHOT_MS) {
      return Promise.resolve(newest);
    }
    return this.#next ??= this.#make().finally(() => this.#next = undefined);
  }

  async #make(): Promise<Snapshot | undefined> {
    const { number, at } = this.#newest ?? { number: -1, at: -Infinity };
    const wait = at + SNAPSHOT_MS - this.#clock.elapsed();
    if (wait > 0) await this.#pause(wait);
    if (this.#isClosed) return undefined;
    const event = await this.#details().then(
      (details) => `event: details\ndata: ${JSON.stringify(details)}\n\n`,
      (error) => `event: trouble\ndata: ${JSON.stringify({ error: messageOf(error) })}\n\n`,
    );
    return this.#newest = { number: number + 1, at: this.#clock.elapsed(), bytes: utf8(event) };
  }

  async #pause(ms: number): Promise<void> {
    let cancel = (): void => {};
    const over = new Promise<undefined>((resolve) => cancel = this.#clock.after(ms, () => resolve(undefined)));
    await Promise.race([over, this.#closed.promise]);
    cancel();
  }
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
