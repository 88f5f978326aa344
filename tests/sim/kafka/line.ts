/**
 * The client side of the simulated Kafka. Every request goes through the process's caller.
 *
 * Requests of a line are ordered only by awaiting their answers: in a cluster, leaders and coordinators are different
 * brokers.
 *
 * @module
 */
import type { StartOffset } from "../../../connectors/connector.ts";
import type {
  CommittedOffset,
  FetchedPartition,
  FetchLimits,
  FetchPartition,
  GroupMember,
  Joined,
  JoinOptions,
  Line,
  Membership,
  NotedOffset,
  OpenTransaction,
  PartitionPlace,
  Produced,
  ProducePartition,
  ProducerIdentity,
} from "../../../connectors/kafka/driver.ts";
import { KafkaError } from "../../../connectors/kafka/errors.ts";
import type { Caller } from "../caller.ts";
import type { Brokers } from "./brokers.ts";
import { lostRequest } from "./codes.ts";

/** How long a client waits for an answer that a broker may hold back, in milliseconds: as kafkajs. */
const SYNC_PATIENCE = 30_000;
const JOIN_PATIENCE_BEYOND = 5000;

/** A line to the simulated brokers. */
export class SimLine implements Line {
  readonly #brokers: Brokers;
  readonly #caller: Caller;
  readonly #underWay = new Set<(error: KafkaError) => void>();
  /** After exceeding a quota the broker ignores this line until this time, in virtual milliseconds. */
  #mutedUntil = -Infinity;
  #connected = false;
  #closed = false;

  constructor(brokers: Brokers, caller: Caller) {
    this.#brokers = brokers;
    this.#caller = caller;
  }

  async connect(): Promise<void> {
    if (this.#connected && !this.#closed) return;
    await this.#call("connect", () => {});
    this.#connected = true;
  }

  renew(): void {
    this.#connected = false;
    for (const reject of this.#underWay) reject(lostRequest("a request whose connection was given up"));
  }

  places(topic: string): Promise<readonly PartitionPlace[] | undefined> {
    return this.#ask("metadata", (brokers) => brokers.places(topic));
  }

  topicId(topic: string): Promise<string | undefined> {
    return this.#ask("topic id", (brokers) => brokers.topicId(topic));
  }

  listOffsets(
    topic: string,
    places: readonly PartitionPlace[],
    time: number,
    isolation: "committed" | "uncommitted" = "committed",
  ): Promise<readonly number[]> {
    return this.#ask("list offsets", (brokers) => brokers.listOffsets(topic, places, { time, isolation }));
  }

  openTransactions(topic: string, place: PartitionPlace): Promise<readonly OpenTransaction[]> {
    return this.#ask("open transactions", (brokers) => brokers.openTransactions(topic, place));
  }

  topicConfig(topic: string): Promise<ReadonlyMap<string, string>> {
    return this.#ask("topic configuration", (brokers) => brokers.topicConfig(topic));
  }

  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): Promise<void> {
    return this.#ask("create topic", (brokers) => brokers.createTopic(topic, partitions, config));
  }

  deleteRecords(
    topic: string,
    places: readonly PartitionPlace[],
    offsets: ReadonlyMap<number, number>,
  ): Promise<void> {
    return this.#ask("delete records", (brokers) => brokers.deleteRecords(topic, places, offsets));
  }

  growTopic(topic: string, partitions: number): Promise<void> {
    return this.#ask("grow topic", (brokers) => brokers.growTopic(topic, partitions));
  }

  fetch(
    leader: string,
    partitions: readonly FetchPartition[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    return this.#ask("fetch", (brokers) => brokers.fetch(leader, partitions, limits));
  }

  async join(options: JoinOptions): Promise<Joined> {
    const member = options.member || await this.#ask("join without an id", (brokers) => brokers.invite(options));
    const patience = options.rebalanceTimeout + JOIN_PATIENCE_BEYOND;
    return await this.#ask("join", (brokers) => brokers.join({ ...options, member }), patience);
  }

  sync(
    membership: Membership,
    assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  ): Promise<Uint8Array> {
    return this.#ask("sync", (brokers) => brokers.sync(membership, assignments), SYNC_PATIENCE);
  }

  heartbeat(membership: Membership): Promise<void> {
    return this.#ask("heartbeat", (brokers) => brokers.heartbeat(membership));
  }

  leave(group: string, member: string): Promise<void> {
    return this.#ask("leave", (brokers) => brokers.leave(group, member));
  }

  members(group: string): Promise<readonly GroupMember[]> {
    return this.#ask("members", (brokers) => brokers.members(group));
  }

  commitOffsets(membership: Membership, offsets: readonly StartOffset[], note: string): Promise<void> {
    return this.#ask("commit offsets", (brokers) => brokers.commitOffsets(membership, offsets, note));
  }

  committed(
    group: string,
    topic: string,
    partitions: readonly number[],
    stable: boolean,
  ): Promise<ReadonlyMap<number, CommittedOffset>> {
    return this.#ask("committed offsets", (brokers) => brokers.committed(group, topic, { partitions, stable }));
  }

  initProducer(transactionalId: string, timeout: number): Promise<ProducerIdentity> {
    return this.#ask("init producer", (brokers) => brokers.initProducer(transactionalId, timeout));
  }

  addPartitions(
    identity: ProducerIdentity,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void> {
    return this.#ask("add partitions", (brokers) => brokers.addPartitions(identity, topics));
  }

  addOffsets(identity: ProducerIdentity, group: string): Promise<void> {
    return this.#ask("add offsets", (brokers) => brokers.addOffsets(identity, group));
  }

  produce(
    leader: string,
    identity: ProducerIdentity,
    partitions: readonly ProducePartition[],
  ): Promise<Produced> {
    const bytes = partitions.reduce((sum, { batch }) => sum + batch.length, 0);
    return this.#ask("produce", (brokers) => {
      const { failures } = brokers.produce(leader, identity, partitions);
      this.#mutedUntil = brokers.quota.spend(bytes);
      return { failures, throttle: Math.max(0, Math.ceil(this.#mutedUntil - brokers.quota.now())) };
    });
  }

  commitInTransaction(identity: ProducerIdentity, group: string, offsets: readonly NotedOffset[]): Promise<void> {
    return this.#ask("commit in transaction", (brokers) => brokers.commitInTransaction(identity, group, offsets));
  }

  endTransaction(identity: ProducerIdentity, commit: boolean): Promise<void> {
    return this.#ask("end transaction", (brokers) => brokers.endTransaction(identity, commit));
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const reject of this.#underWay) reject(closedLine());
    return Promise.resolve();
  }

  #ask<T>(what: string, effect: (brokers: Brokers) => T | Promise<T>, patience?: number): Promise<T> {
    if (!this.#closed && !this.#connected) {
      return Promise.reject(new KafkaError("there is no connection to a broker", { kind: "connection" }));
    }
    return this.#call(what, effect, patience);
  }

  #call<T>(what: string, effect: (brokers: Brokers) => T | Promise<T>, patience?: number): Promise<T> {
    if (this.#closed) return Promise.reject(closedLine());
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // Giving a request up does not cancel it: its effect may still come.
    const giveUp = (error: KafkaError) => {
      this.#underWay.delete(giveUp);
      reject(error);
    };
    this.#underWay.add(giveUp);
    this.#caller.call(
      `kafka ${what}`,
      () => this.#brokers.serve(what, effect, { patience, notBefore: this.#mutedUntil }),
      () => lostRequest(what),
    ).then((answer) => {
      this.#underWay.delete(giveUp);
      resolve(answer);
    }, giveUp);
    return promise;
  }
}

function closedLine(): KafkaError {
  return new KafkaError("the connection was closed", { kind: "closed" });
}
