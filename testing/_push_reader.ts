/**
 * The reader of a job under test. It delivers input only on request, in the order of arrival over all topics and
 * partitions. So a task that reads several of them sees the same interleaving in each run.
 *
 * @module
 */
import type { InputRecord, Reader, ReaderHandler, ReaderOptions, StartOffset } from "../connectors/connector.ts";

/** The input that a reader reads from. */
export interface ReadInput {
  /** Input records of all topics, in the order in which they came. */
  readonly order: readonly InputRecord[];
  /** Where each partition of a topic ends now. */
  endsOf(topic: string): readonly number[];
  /** Records that this topic gets from now on are input. */
  follow(topic: string): void;
}

interface Cursor {
  readonly topic: string;
  readonly partition: number;
  position: number;
}

export class PushReader implements Reader {
  readonly #cursors = new Map<string, Cursor>();
  /** How many input records this reader has delivered or skipped. */
  #next = 0;
  #stopped = false;

  constructor(readonly world: ReadInput, options: ReaderOptions, readonly handler: ReaderHandler) {
    for (const topic of options.topics) world.follow(topic);
    void this.#assign(options.layout.tasks);
  }

  /** Whether all input has been delivered. */
  get done(): boolean {
    return this.#next === this.world.order.length;
  }

  /**
   * Delivers all new records. Consecutive records of one partition are one batch, and `between` runs after each batch,
   * so that batches are pushed in this order. Then each partition delivers an empty batch, to report that it has no
   * more.
   */
  async deliver(between: () => Promise<void>): Promise<void> {
    while (!this.done && !this.#stopped) {
      this.#deliver(this.#take());
      await between();
    }
    if (this.#stopped) return;
    for (const cursor of this.#cursors.values()) this.#hand(cursor, []);
    await between();
  }

  /** Does nothing: tests wait until pushed records are processed, so there is always room. */
  pause(): void {}

  resume(): void {}

  seek({ topic, partition, offset }: StartOffset): void {
    this.#cursors.get(keyOf({ topic, partition }))!.position = offset;
    this.#next = 0;
  }

  show(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return Promise.resolve();
  }

  async #assign(tasks: readonly number[]): Promise<void> {
    // Runs in a later microtask, so that the caller has the reader before its handler is called.
    await Promise.resolve();
    try {
      const starts = await this.handler.assigned(tasks, () => Promise.resolve());
      for (const { topic, partition, offset } of starts) {
        this.#cursors.set(keyOf({ topic, partition }), { topic, partition, position: offset });
      }
    } catch (error) {
      this.#stopped = true;
      this.handler.failed(error as Error);
    }
  }

  /** The next records of one partition. */
  #take(): InputRecord[] {
    const { order } = this.world;
    const first = order[this.#next];
    const taken: InputRecord[] = [];
    for (; this.#next < order.length; this.#next++) {
      const record = order[this.#next];
      if (record.topic !== first.topic || record.partition !== first.partition) break;
      taken.push(record);
    }
    return taken;
  }

  #deliver(records: readonly InputRecord[]): void {
    // A partition that no task reads has no cursor: the job is finished.
    const cursor = this.#cursors.get(keyOf(records[0]));
    if (cursor === undefined) return;
    const fresh = records.filter(({ offset }) => offset >= cursor.position);
    if (fresh.length > 0) this.#hand(cursor, fresh);
  }

  #hand(cursor: Cursor, records: readonly InputRecord[]): void {
    const { topic, partition, position: start } = cursor;
    cursor.position = start + records.length;
    const end = this.world.endsOf(topic)[partition];
    this.handler.batch({ topic, partition, records, start, position: cursor.position, end });
  }
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}
