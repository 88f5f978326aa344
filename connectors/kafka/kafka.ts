/**
 * Apache Kafka as a connector.
 *
 * @module
 */

import type { Key, TableChange } from "../../operators/_table_change.ts";
import { type TableOptions, tableVerb } from "../_tables.ts";
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import type { Bounds, Connection, ConnectionContext, Connector, PeekHandle, PeekObserver } from "../connector.ts";
import {
  type CheckTombstones,
  type KeepTombstones,
  type SinkOptions,
  sinkVerb,
  type SourceOptions,
  sourceVerb,
} from "../verbs.ts";
import { parseAddress } from "./addresses.ts";
import { systemClock } from "../../base/clock.ts";
import { CODEC_NAMES, type KafkaCompression } from "./codecs.ts";
import { KafkaConnection } from "./connection.ts";
import { KafkaJsDriver } from "./kafkajs_driver.ts";
import { TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUTS } from "./limits.ts";
import { checkClientOptions, type KafkaClientOptions } from "./options.ts";
import { peekTopic } from "./peek.ts";

/** The default number of partitions of a new topic, as in the embedded log. */
const DEFAULT_PARTITIONS = 4;

/** Options of {@linkcode kafka}. */
export interface KafkaOptions {
  /** Addresses of one or more brokers, `host:port` or `[IPv6]:port`. The other brokers are found through them. */
  readonly brokers: readonly string[];
  /** Options of the connections: TLS (`ssl`), login (`sasl`), timeouts in milliseconds. */
  readonly client?: KafkaClientOptions;
  /**
   * How long a transaction with results may stay open, in milliseconds, from 1000 to 15 minutes. It must not exceed the
   * brokers' `transaction.max.timeout.ms`. The open transaction of a dead worker holds all `read_committed` readers
   * back for this long.
   *
   * @default 10,000
   */
  readonly transactionTimeout?: number;
  /**
   * How the record batches of results are compressed. All codecs are read, whatever this says. A batch that would not
   * get smaller is written as it is. An epoch's results for one partition are one batch, so small epochs
   * (`minEpoch`) compress less. `zstd` and `gzip` are small, `lz4` and `snappy` are quick.
   *
   * @default none
   */
  readonly compression?: KafkaCompression;
}

/** Options of {@linkcode KafkaConnector.create}. */
export interface KafkaTopicOptions {
  /** How many partitions. @default 4 */
  readonly partitions?: number;
}

/** A Kafka cluster: its topics as sources and sinks. */
export interface KafkaConnector extends Connector {
  /**
   * Creates a topic, with the cluster's default replication. An existing topic stays as it is, whatever its partitions.
   *
   * @throws {TypeError} when the name is not a valid topic name
   * @throws {UnavailableError} when no broker answers
   * @throws {Error} when the cluster refuses it
   */
  create(topic: string, options?: KafkaTopicOptions): Promise<void>;
  /**
   * The first and the next offset of every partition. Records that an open transaction holds back lie before the next
   * offset.
   *
   * @throws {UnavailableError} when no broker answers
   * @throws {Error} when there is no such topic
   */
  bounds(topic: string): Promise<readonly Bounds[]>;
  /**
   * A compacted topic as the changes of a table, `{ key, value }`: the row that a key has from now on, and `undefined`
   * for a tombstone. A record without a key is a bad record. It is read by `tableJoin`.
   */
  table<V = unknown, K extends Key = string>(
    topic: string,
    options?: TableOptions<V, K>,
  ): Observable<TableChange<K, V>>;
  /** The same, with tombstones: what the schema says, and `null`. */
  source<T = unknown>(topic: string, options: KeepTombstones<T>): Observable<T | null>;
  /** The same, without tombstones: what the schema says, or what is no tombstone. */
  source<T = unknown>(topic: string, options: CheckTombstones<T>): Observable<T>;
  /**
   * The values of a topic. A job reads it in its consumer group, from the offsets of its own checkpoint. Without a job
   * it is read from its beginning, outside of any group, for as long as it is subscribed.
   *
   * A record without a value, a tombstone, is `null`, so `null` is in the type. Stages that read fields refuse it as a bad record and
   * take it out of the type; a `filter` can do that before them. With a `schema` the type is the schema's, with
   * `tombstones: "refuse"` it is without `null`.
   *
   * @throws {TypeError} If no topic can have that name.
   */
  source<T = unknown>(topic: string, options?: SourceOptions<T>): Observable<T | null>;
  /**
   * Writes every value to a topic, exactly once, and passes it on.
   *
   * @throws {TypeError} when the name is not a valid topic name
   */
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T>;
}

/**
 * Apache Kafka 2.5 or later, by the kafkajs client. It connects only when a job runs or a source is subscribed.
 *
 * Input is read with `read_committed`, and results are written in transactions. Readers that must see each result
 * exactly once need `isolation.level=read_committed`. Needs the permissions `--allow-net` and `--allow-env`.
 *
 * @param options the brokers, and how to connect
 *
 * @throws {TypeError} when no broker is named, an address has no port, an option is unknown or of a wrong type, or no
 * codec has the name that `compression` gives
 * @throws {RangeError} when a time is no whole number of milliseconds
 *
 * @example A pipeline from one topic to another
 * ```ts
 * import { filter } from "rxjs";
 * import { kafka } from "@tidemark/streams/kafka";
 * import { assertEquals } from "@std/assert";
 *
 * const broker = kafka({ brokers: ["localhost:9092"] });
 *
 * const large = broker.source<{ user: string; amount: number }>("orders", { tombstones: "refuse" }).pipe(
 *   filter((order) => order.amount > 1000),
 *   broker.sink("large_orders", { key: (order) => order.user }),
 * );
 *
 * assertEquals(broker.id, "kafka localhost:9092");
 * assertEquals(typeof large.subscribe, "function");
 * ```
 */
export function kafka(
  { brokers, client = {}, transactionTimeout = TRANSACTION_TIMEOUT, compression = "none" }: KafkaOptions,
): KafkaConnector {
  checkBrokers(brokers);
  checkClientOptions(client);
  checkTransactionTimeout(transactionTimeout);
  checkCompression(compression);
  const driver = new KafkaJsDriver(brokers, client);
  const connector: KafkaConnector = {
    id: `kafka ${driver.name}`,
    open: ({ job, log, signal }: ConnectionContext): Promise<Connection> =>
      KafkaConnection.open(new KafkaJsDriver(brokers, { clientId: `tidemark-${job}`, ...client }), systemClock, {
        transactionTimeout,
        compression,
        log,
        signal,
      }),
    create: async (topic: string, { partitions = DEFAULT_PARTITIONS }: KafkaTopicOptions = {}) => {
      checkTopic("create", topic);
      await connected(driver, async (connection) => {
        if (await connection.topic(topic) === undefined) await connection.createTopic(topic, partitions);
      });
    },
    bounds: (topic: string) => connected(driver, (connection) => connection.bounds(topic)),
    peek: (topic: string, observer: PeekObserver): PeekHandle => peekTopic(driver, topic, observer),
    source: <T>(topic: string, options?: SourceOptions<T>) => {
      checkTopic("read from", topic);
      return sourceVerb<T>(connector, topic, options);
    },
    table: <V, K extends Key>(topic: string, options?: TableOptions<V, K>) => {
      checkTopic("read from", topic);
      return tableVerb<V, K>(connector, topic, options);
    },
    sink: <T>(topic: string, options?: SinkOptions<T>) => {
      checkTopic("write to", topic);
      return sinkVerb<T>(connector, topic, options);
    },
  };
  return connector;
}

/** Runs a request to the cluster without a job. */
async function connected<T>(driver: KafkaJsDriver, ask: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await KafkaConnection.open(driver);
  try {
    return await ask(connection);
  } finally {
    await connection.close();
  }
}

function checkTransactionTimeout(timeout: number): void {
  const { least, most } = TRANSACTION_TIMEOUTS;
  if (Number.isSafeInteger(timeout) && timeout >= least && timeout <= most) return;
  throw new RangeError(
    `Cannot use Kafka: transactionTimeout must be a whole number of milliseconds from ${least} to ${most}, ` +
      `current value is ${timeout}`,
  );
}

function checkCompression(compression: KafkaCompression): void {
  if (CODEC_NAMES.includes(compression)) return;
  throw new TypeError(
    `Cannot use Kafka: compression must be one of ${CODEC_NAMES.join(", ")}, current value is ${
      typeof compression === "string" ? JSON.stringify(compression) : `of type ${typeof compression}`
    }`,
  );
}

function checkBrokers(brokers: readonly string[]): void {
  if (!Array.isArray(brokers) || brokers.length === 0) {
    throw new TypeError("Cannot use Kafka: brokers must name at least one broker, such as localhost:9092");
  }
  for (const broker of brokers) parseAddress(broker);
}

/** Kafka's rule for names of topics. */
function checkTopic(verb: string, topic: string): void {
  if (typeof topic === "string" && /^[\w.-]{1,249}$/.test(topic) && topic !== "." && topic !== "..") return;
  throw new TypeError(
    `Cannot ${verb} the topic ${
      JSON.stringify(topic)
    }: in Kafka a name has 1 to 249 letters (a to z), digits, dots, underscores ` +
      `and hyphens, and is not . or ..`,
  );
}
