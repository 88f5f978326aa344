/**
 * What the simulated world and its checks may do with the simulated Kafka, outside of any process: act as people, cause
 * retention and faults, and read the true content.
 *
 * @module
 */
import type { InputRecord, OutputRecord } from "../../../connectors/connector.ts";
import type { Driver } from "../../../connectors/kafka/driver.ts";
import type { Caller } from "../caller.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Right } from "./rights.ts";

/** The options of a simulated cluster. */
export interface ClusterOptions {
  readonly scheduler: Scheduler;
  /** The only source of randomness, from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Names of the brokers. @default ["1"] */
  readonly brokers?: readonly string[];
  /** The longest delay of a control record after the answer to EndTxn, in milliseconds. @default 20 */
  readonly markerDelay?: number;
  /** The longest delay before the coordinator notices a transaction timeout, in milliseconds. @default 10,000 */
  readonly timeoutNoticed?: number;
  /** The longest time for which brokers do not know a topic that a client has created, in milliseconds. @default 5 */
  readonly topicDelay?: number;
}

/** A transaction that has begun and is not finished: its outcome is open, or its results are not all visible yet. */
export interface OpenTransaction {
  readonly transactionalId: string;
  readonly producer: number;
  readonly epoch: number;
  /** `open`: not ended. The others: its end is decided, and control records are being written. */
  readonly state: "open" | "committing" | "aborting";
  /** The partitions as `topic/partition`. */
  readonly partitions: readonly string[];
  readonly groups: readonly string[];
  /** When it began, in virtual milliseconds. */
  readonly began: number;
}

/** The bounds of a partition's log. */
export interface LogView {
  readonly earliest: number;
  /** The last stable offset. */
  readonly stable: number;
  readonly latest: number;
}

/** The simulated Kafka, as the world sees it. These methods take no time and never fail at random. */
export interface KafkaWorld {
  /** A Kafka client for one simulated process. */
  driver(caller: Caller): Driver;

  // Topics.
  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): void;
  growTopic(topic: string, partitions: number): void;
  /** Changes some of a topic's configuration. */
  configure(topic: string, config: Readonly<Record<string, string>>): void;
  configOf(topic: string): ReadonlyMap<string, string>;
  /** Deletes a topic with its records, and the offsets that groups have committed on it. */
  deleteTopic(topic: string): void;
  partitionsOf(topic: string): number;
  /** Writes plain records outside of transactions, as a producer of input does. */
  append(records: readonly OutputRecord[]): void;
  /** Retention removes the records below this offset. */
  deleteRecords(topic: string, partition: number, before: number): void;

  // Reading the true content.
  /** All records that a `read_committed` reader sees now, by partition and offset. */
  committedRecords(topic: string): InputRecord[];
  bounds(topic: string): readonly LogView[];
  openTransactions(): OpenTransaction[];
  /** The committed offsets of a group on a topic, by partition. */
  groupOffsets(group: string, topic: string): Map<number, number>;
  /** The present members of a group. */
  groupMembers(group: string): string[];

  // What people and time do to a group.
  /** Sets a group's offsets, as a person with Kafka's own tool does. @throws {Error} when the group has members */
  resetOffsets(group: string, topic: string, offsets: ReadonlyMap<number, number>): void;
  /** A consumer of Kafka's newer protocol subscribes to a topic, in a group without members. Returns how it leaves. */
  intrude(group: string, topic: string): () => void;
  /** A group's offsets expire, except where a transaction has some of them under way. */
  expireOffsets(group: string): void;

  // What people do with rights and limits.
  deny(right: Right): void;
  allow(right: Right): void;
  /** The limit for all producers together; Infinity when there is no quota. */
  setQuota(bytesPerSecond: number): void;
  /** The longest timeout that a transaction may ask for, in milliseconds. */
  limitTransactions(ms: number): void;

  // Faults.
  /** All brokers go away: requests fail, waiting ones too. Written data stays. */
  down(): void;
  up(): void;
  /** Another broker, or none, leads a partition from now on. */
  moveLeader(topic: string, partition: number, leader: string | undefined): void;
  /** Coordinators of groups and transactions load for this long, in milliseconds: they refuse with code 14. */
  loadCoordinators(ms: number): void;
}
