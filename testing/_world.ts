/**
 * The topics and the store of a job under test. They outlive the job's process. Both are in memory, whatever broker and
 * store the pipeline names.
 *
 * @module
 */
import type { HeadersOption } from "../connectors/headers.ts";
import type { Connection, ConnectionContext, Connector, InputRecord } from "../connectors/connector.ts";
import { JOB_KV } from "../connectors/kv_table.ts";
import { MemoryLog } from "../connectors/memory.ts";
import { MemoryStore } from "../state/memory_store.ts";
import type { StoreEntry, StoreKey } from "../state/store.ts";
import type { StandIns } from "../runtime/run.ts";
import { PushReader } from "./_push_reader.ts";
import { seeded } from "../base/random.ts";

/**
 * How many partitions topics have: one number for all, or a number for each topic. Topics without a number have one
 * partition.
 */
export type Partitions = number | Readonly<Record<string, number>>;

/** A record to push. */
export interface PushedRecord {
  /** The value: bytes as they are, `null` as a tombstone, everything else as JSON. */
  readonly value: unknown;
  /** The key; strings as UTF-8, numbers as their decimal text. @default none */
  readonly key?: string | number | bigint | boolean | Uint8Array | null;
  /** The partition. @default by the key, as Kafka's default partitioner; without a key one after the other */
  readonly partition?: number;
  /** The record's own timestamp, in milliseconds since 1970. @default the current time of the test */
  readonly timestamp?: number;
  /** The headers. @default none */
  readonly headers?: HeadersOption;
}

/** The world for one life of a job: a store, a connector, and the reader after it is created. */
export interface WorldView extends Required<Pick<StandIns, "store" | "connector">> {
  /** The reader of this life. */
  reader(): PushReader;
}

export class World {
  /** Input records of all topics, in the order in which they came. */
  readonly order: InputRecord[] = [];
  /** Whether the input has ended: no more records will come. */
  ended = false;
  /**
   * Random numbers, the same in each run. All lives of a job share the generator, because no two of them may have the
   * same fence.
   */
  readonly random: () => number = seeded(1);
  readonly #log: MemoryLog;
  readonly #store = new MemoryStore();
  readonly #made = new Set<string>();
  /** The end of each partition of a topic that is read. */
  readonly #ends = new Map<string, number[]>();

  constructor(readonly partitions: Partitions, now: () => number) {
    // The clock of a test does not move by itself, so records may have any timestamp.
    this.#log = new MemoryLog({ now, maxTimestampAhead: Infinity });
    // Each job closes the store when it ends, but the next job still needs it.
    this.#store.close = () => {};
  }

  /** Appends records to an input topic. */
  append(topic: string, records: Iterable<PushedRecord>): void {
    this.#log.append(topic, records);
  }

  /** The records of a topic, in the order in which they became visible. */
  records(topic: string): readonly InputRecord[] {
    return this.#log.records(topic);
  }

  /** The entries of the store that are not the engine's own, in the order of their keys. */
  async entries(prefix: StoreKey = []): Promise<StoreEntry[]> {
    const entries = await Array.fromAsync(this.#store.list(prefix));
    return entries.filter(({ key: [first] }) => first !== "job");
  }

  /** The end of every partition of an input topic. */
  endsOf(topic: string): readonly number[] {
    return this.#ends.get(topic)!;
  }

  /** Records that this topic gets from now on are input, including those that the job itself writes to it. */
  follow(topic: string): void {
    if (this.#ends.has(topic)) return;
    const ends: number[] = [];
    this.#ends.set(topic, ends);
    this.#log.peek(topic, {
      partitions: (count) => void ends.push(...Array.from({ length: count }, () => 0)),
      record: (record) => {
        ends[record.partition]++;
        this.order.push(record);
      },
      ended() {},
      failed() {},
    });
  }

  /** Creates the view for a new life. */
  view(): WorldView {
    let reader: PushReader | undefined;
    const made = new Map<string, Connector>();
    const places = new Map<string, string>();
    const open = async (id: string, context: ConnectionContext): Promise<Connection> => {
      const connection = await this.#log.open(context);
      return {
        ...connection,
        topic: (topic) => {
          const place = places.get(topic) ?? id;
          places.set(topic, place);
          if (place !== id) throw ambiguous(topic, [place, id]);
          this.#make(topic);
          return connection.topic(topic);
        },
        // A hop's topic has as many partitions as the job says.
        createTopic: (topic, partitions, options) => {
          this.#made.add(topic);
          return connection.createTopic(topic, partitions, options);
        },
        ended: () => this.ended && reader?.done === true,
        // deno-lint-ignore require-await -- fails as a promise, as any connection does
        reader: async (options, handler) => reader = new PushReader(this, options, handler),
      };
    };
    return {
      store: this.#store,
      connector(original) {
        // Tables are in the job's store, which is the test's already.
        if (original === JOB_KV) return original;
        const { id } = original;
        const known = made.get(id) ?? { id, open: (context: ConnectionContext) => open(id, context) };
        made.set(id, known);
        return known;
      },
      reader: () => reader!,
    };
  }

  /** Creates a topic when it is first used. */
  #make(topic: string): void {
    if (this.#made.has(topic)) return;
    this.#made.add(topic);
    const partitions = typeof this.partitions === "number" ? this.partitions : this.partitions[topic] ?? 1;
    this.#log.create(topic, { partitions });
  }
}

function ambiguous(topic: string, [one, other]: readonly string[]): Error {
  return new TypeError(
    `Cannot test the pipeline: "${topic}" is a topic of ${one} and of ${other}, and a test knows topics by their names alone. ` +
      `Give one of them another name`,
  );
}
