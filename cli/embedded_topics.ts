/**
 * Topics in a state file. Reading changes nothing, whoever holds the file.
 *
 * @module
 */
import { pause } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Bounds, Connection, InputRecord } from "../connectors/connector.ts";
import { type EmbeddedLog, embeddedLog } from "../connectors/embedded/log.ts";
import type { AppendRecord } from "../connectors/local/append.ts";
import { KvStore } from "../state/mod.ts";
import type { Reading, TopicRow, Topics } from "./topics.ts";

/** How often the file is looked at again for new records, in milliseconds. */
const LOOK_MS = 500;
/** How many records are appended in one atomic. */
const APPEND_RECORDS = 1000;

/** The embedded log on a KV. */
export class EmbeddedTopics implements Topics {
  readonly #log: EmbeddedLog;

  constructor(readonly store: KvStore, readonly clock: Clock) {
    this.#log = embeddedLog(store.kv, { now: clock.now });
  }

  get where(): string {
    return this.store.name;
  }

  async list(): Promise<readonly TopicRow[]> {
    const rows: TopicRow[] = [];
    for (const topic of await this.#log.topics()) {
      const bounds = await this.#log.bounds(topic);
      const records = bounds.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0);
      rows.push({ topic, partitions: bounds.length, records, ended: await this.#log.ended(topic) });
    }
    return rows;
  }

  bounds(topic: string): Promise<readonly Bounds[]> {
    return this.#log.bounds(topic);
  }

  atTime(topic: string, time: number): Promise<readonly number[]> {
    return this.#log.offsets(topic, time);
  }

  async read(topic: string, reading: Reading, record: (record: InputRecord) => boolean | void): Promise<void> {
    const next = new Map(reading.starts);
    if (!await this.#readOnce(this.#log, topic, { ...reading, starts: next }, record)) return;
    while (reading.ends === undefined && !reading.signal.aborted) {
      await pause(this.clock, LOOK_MS, reading.signal);
      // Another process appends, and a log knows only its own appends. So the file is opened anew.
      const store = await KvStore.open(this.store.name, this.clock);
      try {
        const log = embeddedLog(store.kv);
        if (!await this.#readOnce(log, topic, { ...reading, starts: next }, record)) return;
        if (await log.ended(topic)) return;
      } finally {
        store.close();
      }
    }
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<number> {
    for (let at = 0; at < records.length; at += APPEND_RECORDS) {
      await this.#log.append(topic, records.slice(at, at + APPEND_RECORDS));
    }
    return records.length;
  }

  id(_topic: string): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  connection(job: string): Promise<Connection> {
    const { store, clock } = this;
    return this.#log.open({ job, store, now: clock.now, after: clock.after, log: () => {} });
  }

  /** Reads up to the present ends, and moves the starts. Returns `false` when reading is over. */
  async #readOnce(
    log: EmbeddedLog,
    topic: string,
    { starts, ends, signal }: Reading & { readonly starts: Map<number, number> },
    record: (record: InputRecord) => boolean | void,
  ): Promise<boolean> {
    for (const [partition, from] of starts) {
      for await (const one of log.read(topic, { partition, from })) {
        if (signal.aborted || one.offset >= (ends?.get(partition) ?? Infinity)) break;
        starts.set(partition, one.offset + 1);
        if (record(one) === false) return false;
      }
    }
    return ends === undefined && !signal.aborted;
  }
}
