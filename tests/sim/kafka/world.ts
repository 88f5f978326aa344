/**
 * What the simulated world and its checks may do with the simulated Kafka, outside of any process: people, retention, faults, and
 * looking at what is really there.
 *
 * @module
 */
import type { InputRecord, OutputRecord } from "../../../connectors/connector.ts";
import type { Driver } from "../../../connectors/kafka/driver.ts";
import type { Caller } from "../caller.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Right } from "./rights.ts";

/** How a simulated cluster is made. */
export interface ClusterOptions {
  readonly scheduler: Scheduler;
  /** The only source of chance, from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Names of the brokers. @default ["1"] */
  readonly brokers?: readonly string[];
  /** How long after the answer to EndTxn a control record may be written at the latest, in milliseconds. @default 20 */
  readonly markerDelay?: number;
  /** How late the coordinator notices a transaction that is out of time, at the latest, in milliseconds. @default 10,000 */
  readonly timeoutNoticed?: number;
  /** How long a topic made by a client may be unknown to brokers, at the latest, in milliseconds. @default 5 */
  readonly topicDelay?: number;
}

/** A transaction that has begun and is not finished: its results are not decided, or not yet all visible. */
export interface OpenTransaction {
  readonly transactionalId: string;
  readonly producer: number;
  readonly epoch: number;
  /** `open`: nobody has ended it. The others: its end is decided, and control records are being written. */
  readonly state: "open" | "committing" | "aborting";
  /** `topic/partition`, and groups whose offsets it moves. */
  readonly partitions: readonly string[];
  readonly groups: readonly string[];
  /** When it began, in virtual milliseconds. */
  readonly began: number;
}

/** Where the log of a partition begins and ends. */
export interface LogView {
  readonly earliest: number;
  /** The last stable offset. */
  readonly stable: number;
  readonly latest: number;
}

/** The simulated Kafka as the world sees it. Nothing here takes time or fails by chance. */
export interface KafkaWorld {
  /** A Kafka client for one simulated process. */
  driver(caller: Caller): Driver;

  // Topics.
  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): void;
  growTopic(topic: string, partitions: number): void;
  /** Changes some of a topic's configuration. */
  configure(topic: string, config: Readonly<Record<string, string>>): void;
  configOf(topic: string): ReadonlyMap<string, string>;
  /** Its records are gone, and so are the offsets that groups have committed on it. */
  deleteTopic(topic: string): void;
  partitionsOf(topic: string): number;
  /** Writes plain records, in no transaction: as a producer of input does. */
  append(records: readonly OutputRecord[]): void;
  /** Retention: records below this offset are gone. */
  deleteRecords(topic: string, partition: number, before: number): void;

  // Looking.
  /** All that a `read_committed` reader sees now, by partition and offset. */
  committedRecords(topic: string): InputRecord[];
  bounds(topic: string): readonly LogView[];
  openTransactions(): OpenTransaction[];
  /** What a group has committed on a topic, by partition. */
  groupOffsets(group: string, topic: string): Map<number, number>;
  /** Members that a group has now. */
  groupMembers(group: string): string[];

  // What people and time do to a group.
  /** Sets a group's offsets, as a person with Kafka's own tool does. @throws {Error} If the group has members, as the tool does. */
  resetOffsets(group: string, topic: string, offsets: ReadonlyMap<number, number>): void;
  /** A consumer of Kafka's newer protocol subscribes to a topic under a group that has no members. Returns how it leaves. */
  intrude(group: string, topic: string): () => void;
  /** A group's offsets expire, except where a transaction has some of them under way. */
  expireOffsets(group: string): void;

  // What people do with rights and limits.
  deny(right: Right): void;
  allow(right: Right): void;
  /** What all producers together may send; Infinity: there is no quota. */
  setQuota(bytesPerSecond: number): void;
  /** The longest timeout that a transaction may ask for, in milliseconds. */
  limitTransactions(ms: number): void;

  // Faults.
  /** All brokers are gone: requests fail, and so do those that wait. What is written stays. */
  down(): void;
  up(): void;
  /** Another broker leads a partition now, or none. */
  moveLeader(topic: string, partition: number, leader: string | undefined): void;
  /** Coordinators of groups and transactions are being loaded for so long, in milliseconds: they refuse with code 14. */
  loadCoordinators(ms: number): void;
}
