/**
 * The driver port: what the connector needs of a Kafka client, one method per request.
 *
 * The port is low-level because exactly once depends on details that the consumers and producers of clients hide: the
 * position of a fetch after control records, the last offset that a `read_committed` reader may see, offsets out of
 * range (clients reset them silently), results and markers in one transaction, and the fencing by a producer's
 * initialisation. The client provides connections, TLS, SASL, API versions, metadata and coordinators. The connector
 * decides the order of requests (`group_reader.ts`, `producer.ts`), and does so once for all clients.
 *
 * @module
 */

import type { StartOffset } from "../connector.ts";

/** The leader of one partition of a topic. */
export interface PartitionPlace {
  readonly partition: number;
  /** The broker that leads it, or `undefined` while it has no leader. */
  readonly leader: string | undefined;
}

/** One partition of a fetch. */
export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
}

/** One partition in the answer to a fetch, with its record batches in the format of the broker's disk. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code; 0 when there is none. */
  readonly error: number;
  /** The last stable offset, at which a `read_committed` reader ends. */
  readonly end: number;
  /**
   * The high watermark: the offset after the last record that is fully replicated. Open transactions hold back the
   * records between `end` and it.
   */
  readonly latest: number;
  /** Aborted transactions within these batches, in the order of their first offsets. */
  readonly aborted: readonly { readonly producer: number; readonly firstOffset: number }[];
  readonly batches: Uint8Array;
}

/** One record batch to produce, complete with its checksum. */
export interface ProducePartition {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Uint8Array;
}

/** A partition whose batch was refused. */
export interface ProduceFailure {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code. */
  readonly error: number;
  /** The records of the batch that caused the refusal, counted from 0, if the broker names them. */
  readonly records: readonly { readonly index: number; readonly said: string | undefined }[];
  /** The broker's message beside the code. */
  readonly said: string | undefined;
}

/** The outcome of a produce request. */
export interface Produced {
  readonly failures: readonly ProduceFailure[];
  /** For how long the broker takes no more requests on this connection, in milliseconds, because a quota is used up. */
  readonly throttle: number;
}

/** An offset to commit, with a note in its metadata. */
export interface NotedOffset extends StartOffset {
  readonly note?: string;
}

/** One life of a transactional id. A higher epoch fences the lower ones. */
export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producer: number;
  readonly epoch: number;
}

/** A member of a group that has just joined a generation. */
export interface Joined {
  readonly member: string;
  readonly generation: number;
  /** All members with their subscriptions, for the leader, which assigns; `undefined` for the others. */
  readonly members: readonly { readonly member: string; readonly subscription: Uint8Array }[] | undefined;
}

/** A member's identity in a generation of a group. */
export interface Membership {
  readonly group: string;
  readonly member: string;
  readonly generation: number;
}

/** A transaction that has written to a partition and has not ended. */
export interface OpenTransaction {
  /** The producer's id. */
  readonly producer: number;
  /** The first offset of the transaction in the partition. */
  readonly firstOffset: number;
  /** Its transactional id, if this user may read it. */
  readonly transactionalId?: string;
  /** When it began, in milliseconds since 1970, if this user may read it. */
  readonly since?: number;
}

/** A member of a group, as the group's coordinator describes it. */
export interface GroupMember {
  readonly member: string;
  /** The member's `client.id`, and its host. */
  readonly client: string;
  readonly host: string;
  /** The protocol of the member: Kafka's first one, as workers of a job use it, or the newer one of KIP-848. */
  readonly protocol: "classic" | "consumer";
  /** The partitions assigned to it, by topic. */
  readonly partitions: ReadonlyMap<string, readonly number[]>;
}

/** An offset that a group has committed. */
export interface CommittedOffset {
  readonly offset: number;
  /** The metadata of the commit. Kafka's own tools leave it empty. */
  readonly note: string;
}

/** How a member joins. */
export interface JoinOptions {
  readonly group: string;
  /** The id that it had before, or an empty string. */
  readonly member: string;
  readonly protocol: string;
  readonly subscription: Uint8Array;
  /** In milliseconds. */
  readonly sessionTimeout: number;
  /** In milliseconds. */
  readonly rebalanceTimeout: number;
}

/**
 * Connections to the cluster that belong to one user. A broker answers the requests of a connection in order, so an
 * answer that it delays (to a join) delays only this line. The requests of a line to one broker, except fetches, use
 * one connection, in the order in which they were made.
 *
 * Every method rejects with a `KafkaError`. No method repeats a request.
 */
export interface Line {
  /** Connects to any of the named brokers and reads the cluster's brokers. Does nothing when that was done. */
  connect(): Promise<void>;
  /** Closes all connections and forgets the cluster. The next `connect` starts anew. */
  renew(): void;
  /** The partitions of a topic, read from the cluster; `undefined` when there is no such topic. Never creates one. */
  places(topic: string): Promise<readonly PartitionPlace[] | undefined>;
  /**
   * The id of a topic, which differs from the id of every earlier or later topic of the same name. `undefined` when the
   * topic does not exist, or the broker is too old to have ids.
   */
  topicId(topic: string): Promise<string | undefined>;
  /**
   * The offset of each of these partitions at a timestamp (milliseconds). With `-2` the first offset, with `-1` the
   * last stable one, or the high watermark if `uncommitted`. -1 in the result means none.
   */
  listOffsets(
    topic: string,
    places: readonly PartitionPlace[],
    time: number,
    isolation?: "committed" | "uncommitted",
  ): Promise<readonly number[]>;
  /** The transactions that are open in a partition, the oldest first. Empty when the broker does not tell. */
  openTransactions(topic: string, place: PartitionPlace): Promise<readonly OpenTransaction[]>;
  /** The configuration of a topic. */
  topicConfig(topic: string): Promise<ReadonlyMap<string, string>>;
  /** Creates a topic, with the cluster's default replication and this configuration. */
  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): Promise<void>;
  /** Deletes the records below these offsets, by partition. */
  deleteRecords(
    topic: string,
    places: readonly PartitionPlace[],
    offsets: ReadonlyMap<number, number>,
  ): Promise<void>;
  /** Increases the number of a topic's partitions. */
  growTopic(topic: string, partitions: number): Promise<void>;

  /** One fetch from one broker, `read_committed`. */
  fetch(
    leader: string,
    partitions: readonly FetchPartition[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]>;

  join(options: JoinOptions): Promise<Joined>;
  /** Waits for the assignment. Only the leader passes `assignments`. */
  sync(
    membership: Membership,
    assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  ): Promise<Uint8Array>;
  heartbeat(membership: Membership): Promise<void>;
  leave(group: string, member: string): Promise<void>;
  /** The members of a group, workers of a job and others, with either of Kafka's protocols. */
  members(group: string): Promise<readonly GroupMember[]>;
  /** Commits offsets as a member. The `note` is their metadata, and distinguishes them from offsets that users set. */
  commitOffsets(membership: Membership, offsets: readonly StartOffset[], note: string): Promise<void>;
  /**
   * The offsets that a group has committed, by partition. `stable`: refuses (code 88) while a transaction under way has
   * offsets of the group.
   */
  committed(
    group: string,
    topic: string,
    partitions: readonly number[],
    stable: boolean,
  ): Promise<ReadonlyMap<number, CommittedOffset>>;

  /**
   * Begins a new life of this id: open transactions of the life before are aborted. Refused (code 51) until that is
   * done.
   */
  initProducer(transactionalId: string, timeout: number): Promise<ProducerIdentity>;
  addPartitions(
    identity: ProducerIdentity,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void>;
  addOffsets(identity: ProducerIdentity, group: string): Promise<void>;
  /**
   * Produces batches. A refused batch has no effect. A batch may be sent again: the broker recognises its sequence
   * number.
   */
  produce(
    leader: string,
    identity: ProducerIdentity,
    partitions: readonly ProducePartition[],
  ): Promise<Produced>;
  commitInTransaction(identity: ProducerIdentity, group: string, offsets: readonly NotedOffset[]): Promise<void>;
  endTransaction(identity: ProducerIdentity, commit: boolean): Promise<void>;
  /** Closes all connections. Requests under way reject. */
  close(): Promise<void>;
}

/** How many bytes a fetch may return, and how long it may wait for them. */
export interface FetchLimits {
  /** In milliseconds. */
  readonly wait: number;
  readonly partitionBytes: number;
  readonly bytes: number;
}

/** A Kafka client. */
export interface Driver {
  /** The brokers, for messages: `localhost:9092`, or several with commas. */
  readonly name: string;
  /** A new line with its own connections. It connects at the first `connect`. */
  line(): Line;
}
