/**
 * The driver port: what the connector needs of a Kafka client, request by request.
 *
 * The port lies this low because the engine's promises hang on details that the clients' own consumers and producers hide:
 * where a fetch stands past control records, how far a `read_committed` reader may see, that an offset is out of range
 * (clients reset it silently), that the results' partitions and the markers are in one transaction, and that initialising a
 * producer fences. Connections, TLS, SASL, API versions, metadata and coordinators are the client's; the order of
 * requests is ours (`group_reader.ts`, `producer.ts`), once for every client.
 *
 * @module
 */

import type { StartOffset } from "../connector.ts";

/** Where one partition of a topic is to be found. */
export interface PartitionPlace {
  readonly partition: number;
  /** The broker that leads it, or undefined while there is none. */
  readonly leader: string | undefined;
}

/** One partition of a fetch. */
export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
}

/** One partition of a fetch's answer, its record batches as they lie on the broker's disk. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code, 0 if there is none. */
  readonly error: number;
  /** The last stable offset: where a `read_committed` reader ends. */
  readonly end: number;
  /** The high watermark: the next offset that consumers will be given. Beyond `end`, open transactions hold back what is there. */
  readonly latest: number;
  /** Transactions within these batches that were aborted, by the first offset. */
  readonly aborted: readonly { readonly producer: number; readonly firstOffset: number }[];
  readonly batches: Uint8Array;
}

/** One record batch to be produced, complete with its checksum. */
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
  /** The records of the batch that are to blame, counted from 0, where the broker says which. */
  readonly records: readonly { readonly index: number; readonly said: string | undefined }[];
  /** What the broker said beside the code. */
  readonly said: string | undefined;
}

/** What became of batches. */
export interface Produced {
  readonly failures: readonly ProduceFailure[];
  /** For how long the broker takes nothing more over this connection, in milliseconds: a quota is used up. */
  readonly throttle: number;
}

/** An offset to commit, with a note beside it. */
export interface NotedOffset extends StartOffset {
  readonly note?: string;
}

/** One life of a transactional id: a greater epoch fences the smaller ones. */
export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producer: number;
  readonly epoch: number;
}

/** A member of a group that has just joined a generation of it. */
export interface Joined {
  readonly member: string;
  readonly generation: number;
  /** All members with their subscriptions, only for the one who is to assign; else undefined. */
  readonly members: readonly { readonly member: string; readonly subscription: Uint8Array }[] | undefined;
}

/** A member's place in a group's generation. */
export interface Membership {
  readonly group: string;
  readonly member: string;
  readonly generation: number;
}

/** A transaction that has written to a partition and has not ended. */
export interface OpenTransaction {
  /** The producer's number. */
  readonly producer: number;
  /** Where it began in the partition. */
  readonly firstOffset: number;
  /** Its name, as far as this user may know it. */
  readonly transactionalId?: string;
  /** When it began, in milliseconds since 1970, as far as this user may know it. */
  readonly since?: number;
}

/** A member of a group as its coordinator sees it. */
export interface GroupMember {
  readonly member: string;
  /** What the member calls itself (its `client.id`), and where it is. */
  readonly client: string;
  readonly host: string;
  /** Which of Kafka's protocols it speaks: the first one, as workers of a job do, or the newer one of KIP-848. */
  readonly protocol: "classic" | "consumer";
  /** What it is to read, by topic. */
  readonly partitions: ReadonlyMap<string, readonly number[]>;
}

/** An offset that a group has committed. */
export interface CommittedOffset {
  readonly offset: number;
  /** What whoever committed it wrote beside it. Kafka's own tools write nothing. */
  readonly note: string;
}

/** How a member wants to join. */
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
 * Connections to the cluster that belong to one user. A broker answers the requests of a connection one after the other,
 * so what it holds back (a join) delays only its own line. A line's requests to one broker, fetches apart, go over one
 * connection in the order in which they were made.
 *
 * Every method rejects with a `KafkaError`; none repeats a request by itself.
 */
export interface Line {
  /** Connects to any of the named brokers, and learns the cluster's members. Nothing to do where that was done. */
  connect(): Promise<void>;
  /** Forgets all connections and what was known of the cluster; the next `connect` starts anew. */
  renew(): void;
  /** Partitions of a topic, fresh from the cluster; `undefined` where there is no such topic. Never creates one. */
  places(topic: string): Promise<readonly PartitionPlace[] | undefined>;
  /** What tells a topic from others that had or will have its name; `undefined` where the broker is too old to say, or there is none. */
  topicId(topic: string): Promise<string | undefined>;
  /**
   * The offset of each of these partitions at a time (milliseconds), or at `-2` the first, at `-1` the last stable one, or, with
   * `uncommitted`, the high watermark. -1: none.
   */
  listOffsets(
    topic: string,
    places: readonly PartitionPlace[],
    time: number,
    isolation?: "committed" | "uncommitted",
  ): Promise<readonly number[]>;
  /** Transactions that are open in a partition, the oldest first; none where the broker does not tell. */
  openTransactions(topic: string, place: PartitionPlace): Promise<readonly OpenTransaction[]>;
  /** The configuration of a topic. */
  topicConfig(topic: string): Promise<ReadonlyMap<string, string>>;
  /** Makes a topic, with the cluster's own replication and this configuration. */
  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): Promise<void>;
  /** Raises the number of a topic's partitions. */
  growTopic(topic: string, partitions: number): Promise<void>;

  /** One fetch from one broker, `read_committed`. */
  fetch(
    leader: string,
    partitions: readonly FetchPartition[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]>;

  join(options: JoinOptions): Promise<Joined>;
  /** Waits for the assignment; `assignments` only from the one who assigns. */
  sync(
    membership: Membership,
    assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  ): Promise<Uint8Array>;
  heartbeat(membership: Membership): Promise<void>;
  leave(group: string, member: string): Promise<void>;
  /** Who is in a group, workers of ours and others, whichever of Kafka's protocols they speak. */
  members(group: string): Promise<readonly GroupMember[]>;
  /** Commits offsets as a member; `note` goes with each, and tells them from those that people set. */
  commitOffsets(membership: Membership, offsets: readonly StartOffset[], note: string): Promise<void>;
  /** What a group has committed, by partition. `stable`: refuses (code 88) while a transaction has offsets of it under way. */
  committed(
    group: string,
    topic: string,
    partitions: readonly number[],
    stable: boolean,
  ): Promise<ReadonlyMap<number, CommittedOffset>>;

  /** A new life of this id: what the one before has left open is aborted. Refused (code 51) until that is done. */
  initProducer(transactionalId: string, timeout: number): Promise<ProducerIdentity>;
  addPartitions(
    identity: ProducerIdentity,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void>;
  addOffsets(identity: ProducerIdentity, group: string): Promise<void>;
  /** A batch that was refused has no effect. One may be sent again: the broker knows it by its sequence number. */
  produce(
    leader: string,
    identity: ProducerIdentity,
    partitions: readonly ProducePartition[],
  ): Promise<Produced>;
  commitInTransaction(identity: ProducerIdentity, group: string, offsets: readonly NotedOffset[]): Promise<void>;
  endTransaction(identity: ProducerIdentity, commit: boolean): Promise<void>;
  /** Ends all connections; requests under way reject. */
  close(): Promise<void>;
}

/** How much a fetch may bring and how long it may wait for it. */
export interface FetchLimits {
  /** In milliseconds. */
  readonly wait: number;
  readonly partitionBytes: number;
  readonly bytes: number;
}

/** A Kafka client. */
export interface Driver {
  /** For messages: `localhost:9092`, or several with commas. */
  readonly name: string;
  /** New connections of one's own. Nothing happens until `connect`. */
  line(): Line;
}
