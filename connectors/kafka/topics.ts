/**
 * The topics of a cluster for a person who looks at them: lists, settings, records from any offset, and records to add.
 * It joins no group, and leaves nothing behind in the cluster but the records that are added.
 *
 * @module
 */
import { systemClock } from "../../base/clock.ts";
import type { Batch, Bounds, InputRecord, OutputRecord } from "../connector.ts";
import { type AppendRecord, placeRecords } from "../local/append.ts";
import type { Driver, GroupMember, Line, PartitionPlace } from "./driver.ts";
import { CODE, explain, hasCode } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { ASK_LIMIT, CONNECT_LIMIT, DEFAULT_BATCH_BYTES, TRANSACTION_TIMEOUT } from "./limits.ts";
import { Pace } from "./pace.ts";
import { TransactionalProducer } from "./producer.ts";
import { apiVersions, type VersionRange } from "./requests/api_versions.ts";
import { metadata } from "./requests/metadata.ts";
import { worded } from "./refusals.ts";
import { askUntil } from "./retry.ts";
import { initialise, leadersOf } from "./steps.ts";
import type { Transport } from "./transport.ts";
import { Trouble } from "./trouble.ts";

const EARLIEST = -2;
const LATEST = -1;

/** A broker, and what it knows. */
export interface BrokerInfo {
  readonly id: string;
  readonly address: string;
  /** The versions of each request that it supports; `undefined` when it does not answer. */
  readonly apis: ReadonlyMap<number, VersionRange> | undefined;
  /** Why it does not answer. */
  readonly trouble: string | undefined;
}

/** A topic, and how much is in it. */
export interface TopicSize {
  readonly topic: string;
  readonly partitions: number;
  /** How many offsets lie between the first and the next one of its partitions. */
  readonly records: number;
  /** Topics of Kafka do not end. */
  readonly ended: undefined;
}

/** What to read. */
export interface TopicReading {
  readonly starts: ReadonlyMap<number, number>;
  readonly ends?: ReadonlyMap<number, number>;
  readonly signal: AbortSignal;
}

/** The topics of one cluster. */
export class KafkaTopics {
  readonly #line: Line;
  readonly #transport: Transport;
  /** Whether a question was answered. */
  #connected = false;

  constructor(readonly driver: Driver, transport: Transport) {
    this.#line = driver.line();
    this.#transport = transport;
  }

  get where(): string {
    return `Kafka at ${this.driver.name}`;
  }

  /** Every broker of the cluster. */
  async brokers(): Promise<readonly BrokerInfo[]> {
    const { brokers } = await this.#ask("describe the cluster", () => this.#transport.brokers());
    return await Promise.all([...brokers].map(async ([id, { host, port }]): Promise<BrokerInfo> => {
      const known = { id, address: `${host}:${port}` };
      try {
        return { ...known, apis: await this.#transport.send(id, apiVersions), trouble: undefined };
      } catch (error) {
        return { ...known, apis: undefined, trouble: explain(error, "ask the broker", known.address).message };
      }
    }));
  }

  /** All topics by name, without Kafka's own. */
  async list(): Promise<readonly TopicSize[]> {
    const { topics } = await this.#ask("list the topics", () => this.#transport.send(undefined, metadata(undefined)));
    const own = topics.filter(({ topic, error }) => error === 0 && !topic.startsWith("__"));
    const sizes = await Promise.all(own.map(async ({ topic }): Promise<TopicSize> => {
      const bounds = await this.bounds(topic);
      const records = bounds.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0);
      return { topic, partitions: bounds.length, records, ended: undefined };
    }));
    return sizes.sort((one, other) => one.topic < other.topic ? -1 : 1);
  }

  /** The first and the next offset of every partition. */
  bounds(topic: string): Promise<readonly Bounds[]> {
    return this.#ask(`find the bounds of the topic "${topic}"`, async () => {
      const places = await this.#places(topic);
      const earliest = await this.#line.listOffsets(topic, places, EARLIEST);
      const latest = await this.#line.listOffsets(topic, places, LATEST);
      return places.map((_, index) => ({ earliest: earliest[index], latest: latest[index] }));
    });
  }

  /** The offset of the first record at a time or later, for every partition; its end where there is none. */
  atTime(topic: string, time: number): Promise<readonly number[]> {
    return this.#ask(`find ${new Date(time).toISOString()} in the topic "${topic}"`, async () => {
      const places = await this.#places(topic);
      const latest = await this.#line.listOffsets(topic, places, LATEST);
      const found = await this.#line.listOffsets(topic, places, time);
      return found.map((offset, index) => offset < 0 ? latest[index] : offset);
    });
  }

  /** The settings of a topic. */
  settings(topic: string): Promise<ReadonlyMap<string, string>> {
    return this.#ask(`read the settings of the topic "${topic}"`, () => this.#line.topicConfig(topic));
  }

  /** The members of a group: the workers of a job, and others. */
  members(group: string): Promise<readonly GroupMember[]> {
    return this.#ask(`describe the consumer group "${group}"`, async () => {
      try {
        return await this.#line.members(group);
      } catch (error) {
        if (hasCode(error, CODE.groupIdNotFound)) return [];
        throw error;
      }
    });
  }

  /** Reads records, as a `read_committed` reader sees them, until the ends are reached or the caller has enough. */
  async read(
    topic: string,
    { starts, ends, signal }: TopicReading,
    record: (record: InputRecord) => boolean | void,
  ): Promise<void> {
    await this.bounds(topic);
    const open = new Set(
      [...starts].filter(([partition, from]) => from < (ends?.get(partition) ?? Infinity)).map(first),
    );
    if (open.size === 0 || signal.aborted) return;
    const over = Promise.withResolvers<void>();
    const fetcher = new Fetcher(this.#line, {
      brokers: this.driver.name,
      clock: systemClock,
      trouble: new Trouble(() => {}),
      observer: {
        batch: (batch) => {
          if (!open.has(batch.partition)) return;
          if (!give(batch, ends?.get(batch.partition), record)) over.resolve();
          else if (batch.position >= (ends?.get(batch.partition) ?? Infinity)) open.delete(batch.partition);
          if (open.size === 0) over.resolve();
        },
        missing: (_topic, _partition, _wanted, { earliest }) => Promise.resolve(earliest),
        failed: (error) => over.reject(error),
      },
    });
    const stop = () => over.resolve();
    signal.addEventListener("abort", stop, { once: true });
    for (const partition of open) fetcher.add(topic, partition, starts.get(partition)!);
    fetcher.run();
    try {
      await over.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      await fetcher.halt();
    }
  }

  /**
   * Adds records, in one transaction where its time allows, otherwise in several. Returns how many.
   *
   * @throws {Error} when the cluster refuses a record; the records of the transactions before it are there
   */
  async append(topic: string, records: readonly AppendRecord[]): Promise<number> {
    const bounds = await this.bounds(topic);
    const { records: placed } = placeRecords(records, {
      ...{ topic, partitions: bounds.length, turn: 0, now: systemClock.now, maxTimestampAhead: Infinity },
    });
    const rows = placed.map(([partition, row]): OutputRecord => ({ ...row, topic, partition }));
    const line = this.driver.line();
    const id = `tidemark.append.${systemClock.id()}`;
    try {
      const clock = systemClock, timeout = TRANSACTION_TIMEOUT;
      const producer = new TransactionalProducer(line, await initialise(line, id, { clock, timeout }), {
        ...{ brokers: this.driver.name, clock, codec: 0, pace: new Pace(clock, timeout), throttled: () => {} },
        describe: async (topic) => ({
          leaders: leadersOf(topic, await line.places(topic)),
          batchBytes: Number((await line.topicConfig(topic)).get("max.message.bytes") ?? DEFAULT_BATCH_BYTES),
        }),
      });
      for (let at = 0; at < rows.length;) {
        at += await producer.publish({ rows: rows.slice(at), group: undefined, markers: () => [] });
      }
    } catch (error) {
      throw worded(error, `add records to the topic "${topic}"`, this.driver.name);
    } finally {
      await line.close();
    }
    return rows.length;
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await Promise.all([this.#line.close(), this.#transport.close()]);
  }

  async #places(topic: string): Promise<readonly PartitionPlace[]> {
    const places = await this.#line.places(topic);
    if (places === undefined) throw new Error(`There is no topic "${topic}" in Kafka: check its name, or create it`);
    leadersOf(topic, places);
    return places;
  }

  /** Asks until it is answered, where the failure is one that may pass. The first question must find a broker soon. */
  async #ask<T>(wanted: string, ask: () => Promise<T>): Promise<T> {
    const limit = this.#connected ? ASK_LIMIT : CONNECT_LIMIT;
    try {
      const answer = await askUntil(this.#line, ask, { clock: systemClock, limit });
      this.#connected = true;
      return answer;
    } catch (error) {
      throw explain(error, wanted, this.driver.name);
    }
  }
}

function first([partition]: readonly [number, number]): number {
  return partition;
}

/** Gives the records of a batch. Returns `false` when the caller has enough. */
function give(batch: Batch, end: number = Infinity, record: (record: InputRecord) => boolean | void): boolean {
  for (const one of batch.records) {
    if (one.offset >= end) return true;
    if (record(one) === false) return false;
  }
  return true;
}
