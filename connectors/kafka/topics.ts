/**
 * The topics of a cluster for a person who looks at them: lists, settings, records from any offset, and records to add.
 * It joins no group, and leaves nothing behind in the cluster but the records that are added.
 *
 * @module
 */
import { systemClock } from "../../base/clock.ts";
import type { Batch, Bounds, Connection, InputRecord, OutputRecord } from "../connector.ts";
import { type AppendRecord, placeRecords } from "../local/append.ts";
import type { Driver, GroupMember, Line } from "./driver.ts";
import { KafkaConnection } from "./connection.ts";
import { CODE, explain, hasCode } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { ASK_LIMIT } from "./limits.ts";
import { apiVersions, type VersionRange } from "./requests/api_versions.ts";
import { metadata } from "./requests/metadata.ts";
import { askUntil } from "./retry.ts";
import { type JobTopics, type RightFound, rightsOf } from "./rights.ts";
import type { Transport } from "./transport.ts";
import { Trouble } from "./trouble.ts";

export type { RightFound };

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
  #connection: Promise<KafkaConnection> | undefined;

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

  /** The first and the next offset of every partition, as a `read_committed` reader sees them. */
  async bounds(topic: string): Promise<readonly Bounds[]> {
    const connection = await this.#connected();
    const [earliest, latest] = [await connection.offsets(topic, "earliest"), await connection.offsets(topic, "latest")];
    return earliest.map((first, partition) => ({ earliest: first, latest: latest[partition] }));
  }

  /** The offset of the first record at a time or later, for every partition; its end where there is none. */
  async atTime(topic: string, time: number): Promise<readonly number[]> {
    return await (await this.#connected()).offsets(topic, time);
  }

  /** The settings of a topic; `undefined` where the user may not read them, which needs DESCRIBE_CONFIGS. */
  settings(topic: string): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#ask(`read the settings of the topic "${topic}"`, async () => {
      try {
        return await this.#line.topicConfig(topic);
      } catch (error) {
        if (hasCode(error, CODE.topicAuthorizationFailed)) return undefined;
        throw error;
      }
    });
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

  /** The rights of a job, and whether the user of these topics has them. Nothing is changed. */
  rights(job: JobTopics): Promise<readonly RightFound[]> {
    return rightsOf(this.#line, (wanted, ask) => this.#ask(wanted, ask), job);
  }

  /** Reads records, as a `read_committed` reader sees them, until the ends are reached or the caller has enough. */
  async read(
    topic: string,
    { starts, ends, signal }: TopicReading,
    record: (record: InputRecord) => boolean | void,
  ): Promise<void> {
    const places = await this.#ask(`read the topic "${topic}"`, () => this.#line.places(topic));
    if (places === undefined) throw new Error(`There is no topic "${topic}" in Kafka: check its name, or create it`);
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
          if (!give(batch, ends?.get(batch.partition), record)) open.clear();
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
    await (await this.#connected()).append(rows, { owner: `tidemark.append.${systemClock.id()}`, along: [] });
    return rows.length;
  }

  /** The id of a topic; `undefined` where the cluster is too old to have ids. */
  id(topic: string): Promise<string | undefined> {
    return this.#ask(`describe the topic "${topic}"`, () => this.#line.topicId(topic));
  }

  /** The connection to the cluster. It is closed with the topics. */
  connection(_job: string): Promise<Connection> {
    return this.#connected();
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    await Promise.all([this.#line.close(), this.#transport.close(), connection?.close()]);
  }

  #connected(): Promise<KafkaConnection> {
    return this.#connection ??= KafkaConnection.open(this.driver);
  }

  /** Asks until it is answered, where the failure is one that may pass. */
  async #ask<T>(wanted: string, ask: () => Promise<T>): Promise<T> {
    await this.#connected();
    try {
      return await askUntil(this.#line, ask, { clock: systemClock, limit: ASK_LIMIT });
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
