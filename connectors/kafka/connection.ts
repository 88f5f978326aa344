/**
 * The connector port for Kafka, on top of a driver.
 *
 * @module
 */

import type {
  Appending,
  Bounds,
  Connection,
  From,
  OutputRecord,
  Reader,
  ReaderHandler,
  ReaderOptions,
  RecordsRead,
  ShownOffset,
  StartOffset,
  TopicInfo,
} from "../connector.ts";
import { keyPartition } from "../partitioner.ts";
import { systemClock, type TimerClock } from "../../base/clock.ts";
import { CODEC, type KafkaCompression } from "./codecs.ts";
import { KafkaDelivery } from "./delivery.ts";
import type { Driver, Line, PartitionPlace } from "./driver.ts";
import { CODE, explain, hasCode, KafkaError } from "./errors.ts";
import { GroupReader } from "./group_reader.ts";
import {
  ASK_LIMIT,
  CONNECT_LIMIT,
  DEFAULT_BATCH_BYTES,
  DEFAULT_TIMESTAMP_AHEAD,
  NOTE,
  RECORD_OVERHEAD,
  TRANSACTION_TIMEOUT,
  TRANSIENT_TOPIC,
} from "./limits.ts";
import { readRecords } from "./read_records.ts";
import { askUntil } from "./retry.ts";

const EARLIEST = -2;
const LATEST = -1;

/** How a job uses a cluster. */
export interface KafkaConnectionOptions {
  /** How long a transaction may stay open, in milliseconds. @default 10,000 */
  readonly transactionTimeout?: number;
  /** How the record batches of results are compressed. @default none */
  readonly compression?: KafkaCompression;
  /** Logs a line. @default not logged */
  readonly log?: (line: string) => void;
  /** Aborting it gives up the first connection to a broker. @default never */
  readonly signal?: AbortSignal;
}

/** One cluster, opened for one job. */
export class KafkaConnection implements Connection {
  readonly appendsWithState = false;
  readonly delivery: KafkaDelivery;
  readonly #driver: Driver;
  readonly #shared: Line;
  readonly #clock: TimerClock;
  readonly #open = new Set<{ close(): Promise<void> }>();
  readonly #closed = new AbortController();

  private constructor(
    driver: Driver,
    shared: Line,
    { clock, transactionTimeout, compression, log }: Required<Omit<KafkaConnectionOptions, "signal">> & {
      clock: TimerClock;
    },
  ) {
    this.#driver = driver;
    this.#shared = shared;
    this.#clock = clock;
    this.delivery = new KafkaDelivery({
      ...{ driver, shared, clock, log, open: this.#open, timeout: transactionTimeout, codec: CODEC[compression] },
      signal: this.#closed.signal,
      ask: (wanted, ask, retries) => this.#ask(wanted, ask, { retries }),
      batchBytes: async (topic) => batchBytes(await this.#config(topic)),
      ensureTopic: (topic, partitions) => this.#ensureTopic(topic, partitions),
    });
  }

  /**
   * Connects.
   *
   * @throws {UnavailableError} when no broker answers
   * @throws {Error} when the login is refused or the broker is too old
   */
  static async open(
    driver: Driver,
    clock: TimerClock = systemClock,
    {
      transactionTimeout = TRANSACTION_TIMEOUT,
      compression = "none",
      log = () => {},
      signal,
    }: KafkaConnectionOptions = {},
  ): Promise<KafkaConnection> {
    const shared = driver.line();
    const giveUp = () => void shared.close().catch(() => {});
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await askUntil(shared, () => Promise.resolve(), { clock, limit: CONNECT_LIMIT, signal });
    } catch (error) {
      await shared.close();
      throw explain(error, "connect to Kafka", driver.name);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
    return new KafkaConnection(driver, shared, { clock, transactionTimeout, compression, log });
  }

  topic(topic: string): Promise<TopicInfo | undefined> {
    return this.#ask(`describe the topic "${topic}"`, async () => {
      const places = await this.#shared.places(topic);
      if (places === undefined) return undefined;
      const config = await this.#config(topic);
      const partitions = places.length;
      return {
        id: await this.#shared.topicId(topic),
        partitions,
        maxRecordBytes: Math.max(1, batchBytes(config) - RECORD_OVERHEAD),
        maxTimestampAhead: timestampLimit(config, "after", DEFAULT_TIMESTAMP_AHEAD),
        maxTimestampBehind: timestampLimit(config, "before", Infinity),
        compacted: /(^|,)\s*compact\s*(,|$)/.test(config.get("cleanup.policy") ?? ""),
        partitionOf: (key: Uint8Array) => keyPartition(key, partitions),
      };
    });
  }

  async createTopic(topic: string, partitions: number, { transient = false } = {}): Promise<void> {
    await this.#ask(`create the topic "${topic}"`, async () => {
      try {
        await this.#shared.createTopic(topic, partitions, transient ? TRANSIENT_TOPIC : undefined);
      } catch (error) {
        if (!hasCode(error, CODE.topicAlreadyExists)) throw error;
      }
      await this.#awaitPartitions(topic, 1);
    });
  }

  deleteBefore(topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    return this.#ask(`delete records of the topic "${topic}"`, async () => {
      const places = existing(topic, await this.#shared.places(topic));
      await this.#shared.deleteRecords(topic, places, offsets);
    });
  }

  bounds(topic: string): Promise<readonly Bounds[]> {
    return this.#ask(`find the bounds of the topic "${topic}"`, async () => {
      const places = existing(topic, await this.#shared.places(topic));
      const earliest = await this.#shared.listOffsets(topic, places, EARLIEST);
      const latest = await this.#shared.listOffsets(topic, places, LATEST, "uncommitted");
      return places.map((_, index) => ({ earliest: earliest[index], latest: latest[index] }));
    });
  }

  offsets(topic: string, from: From): Promise<readonly number[]> {
    return this.#ask(`find where to begin in the topic "${topic}"`, async () => {
      const places = existing(topic, await this.#shared.places(topic));
      if (from === "earliest") return await this.#shared.listOffsets(topic, places, EARLIEST);
      const latest = await this.#shared.listOffsets(topic, places, LATEST);
      if (from === "latest") return latest;
      const found = await this.#shared.listOffsets(topic, places, from);
      return found.map((offset, index) => offset < 0 ? latest[index] : offset);
    });
  }

  shown(group: string, topic: string): Promise<ReadonlyMap<number, ShownOffset>> {
    return this.#ask(`read the offsets of the consumer group "${group}"`, async () => {
      const places = existing(topic, await this.#shared.places(topic));
      const committed = await this.#shared.committed(group, topic, places.map(({ partition }) => partition), false);
      return new Map(
        [...committed].map(([partition, { offset, note }]) => [partition, { offset, own: note === NOTE }]),
      );
    });
  }

  async read(from: Pick<StartOffset, "topic" | "partition" | "offset">, most: number): Promise<RecordsRead> {
    const line = this.#driver.line();
    this.#open.add(line);
    try {
      const wanted = `read ${from.topic}/${from.partition}@${from.offset}`;
      return await this.#ask(wanted, () => readRecords(line, from, most), { line });
    } finally {
      this.#open.delete(line);
      await line.close();
    }
  }

  append(records: readonly OutputRecord[], { owner }: Appending): Promise<void> {
    return this.delivery.append(owner, records);
  }

  async reader(options: ReaderOptions, handler: ReaderHandler): Promise<Reader> {
    for (const topic of options.topics) {
      await this.#ask(`read the topic "${topic}"`, async () => existing(topic, await this.#shared.places(topic)));
    }
    const lines = { group: this.#driver.line(), fetch: this.#driver.line() };
    const reader = new GroupReader(
      { ...lines, shared: this.#shared, brokers: this.#driver.name, clock: this.#clock },
      options,
      handler,
    );
    const open = { close: () => stop() };
    const stop = async () => {
      this.#open.delete(open);
      await reader.stop();
    };
    this.#open.add(open);
    return {
      pause: (topic, partition) => reader.pause(topic, partition),
      resume: (topic, partition) => reader.resume(topic, partition),
      seek: (start) => reader.seek(start),
      show: (offsets) => reader.show(offsets),
      stop,
    };
  }

  /** Closes everything that is still open, and the connections. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#open].map((one) => one.close()));
    await this.#shared.close();
  }

  /** Creates the topic with this many partitions or more, if it is missing. */
  async #ensureTopic(topic: string, partitions: number): Promise<void> {
    await this.#ask(`create the topic "${topic}"`, async () => {
      const places = await this.#shared.places(topic);
      if (places !== undefined && places.length >= partitions) return;
      try {
        if (places === undefined) await this.#shared.createTopic(topic, partitions);
        else await this.#shared.growTopic(topic, partitions);
      } catch (error) {
        if (!hasCode(error, CODE.topicAlreadyExists)) throw error;
      }
      await this.#awaitPartitions(topic, partitions);
    });
  }

  /**
   * Throws an error that allows another try until the topic has this many partitions and the leader of each knows that
   * it leads.
   */
  async #awaitPartitions(topic: string, partitions: number): Promise<void> {
    const places = await this.#shared.places(topic);
    if (places === undefined || places.length < partitions) {
      throw new KafkaError(`the topic "${topic}" is being made`, { kind: "broker", code: CODE.leaderNotAvailable });
    }
    await this.#shared.listOffsets(topic, places, LATEST);
  }

  /** The configuration of a topic. Empty when this user may not read it; Kafka's defaults then apply. */
  async #config(topic: string): Promise<ReadonlyMap<string, string>> {
    try {
      return await this.#shared.topicConfig(topic);
    } catch (error) {
      if (hasCode(error, CODE.topicAuthorizationFailed)) return new Map();
      throw error;
    }
  }

  async #ask<T>(
    wanted: string,
    ask: () => Promise<T>,
    { retries, line = this.#shared }: { retries?: (error: unknown) => boolean; line?: Line } = {},
  ): Promise<T> {
    try {
      return await askUntil(line, ask, {
        clock: this.#clock,
        limit: ASK_LIMIT,
        retries,
        signal: this.#closed.signal,
      });
    } catch (error) {
      throw explain(error, wanted, this.#driver.name);
    }
  }
}

function existing(topic: string, places: readonly PartitionPlace[] | undefined): readonly PartitionPlace[] {
  if (places !== undefined) return places;
  throw new Error(`There is no topic "${topic}" in Kafka: check its name, or create it`);
}

function batchBytes(config: ReadonlyMap<string, string>): number {
  return Number(config.get("max.message.bytes") ?? DEFAULT_BATCH_BYTES);
}

/**
 * How far a record's timestamp may lie from the broker's clock, from the topic's configuration. Brokers before Kafka
 * 3.6 have one limit for both sides.
 */
function timestampLimit(config: ReadonlyMap<string, string>, side: "before" | "after", otherwise: number): number {
  // The broker checks a record's timestamp only when it stores it.
  if (config.get("message.timestamp.type") === "LogAppendTime") return Infinity;
  const limits = [`message.timestamp.${side}.max.ms`, "message.timestamp.difference.max.ms"]
    .map((name) => config.get(name)).filter((value) => value !== undefined).map(Number)
    // Java's largest long means that there is no limit, and so does any value beyond the safe integers.
    .map((limit) => Number.isSafeInteger(limit) ? limit : Infinity);
  return limits.length === 0 ? otherwise : Math.min(...limits);
}
