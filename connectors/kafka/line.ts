/**
 * A line on a transport: chooses the broker of each request, and composes requests.
 *
 * @module
 */

import type { StartOffset } from "../connector.ts";
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
} from "./driver.ts";
import { brokerError, CODE, hasCode, isDisconnected, KafkaError } from "./errors.ts";
import { addOffsetsToTxn } from "./requests/add_offsets_to_txn.ts";
import { addPartitionsToTxn } from "./requests/add_partitions_to_txn.ts";
import { createPartitions } from "./requests/create_partitions.ts";
import { createTopic } from "./requests/create_topics.ts";
import { deleteRecords } from "./requests/delete_records.ts";
import { describeTopic } from "./requests/describe_configs.ts";
import { describeConsumerGroup, describeGroup } from "./requests/describe_groups.ts";
import { describeProducers } from "./requests/describe_producers.ts";
import { describeTransactions } from "./requests/describe_transactions.ts";
import { endTxn } from "./requests/end_txn.ts";
import { fetch } from "./requests/fetch.ts";
import { findCoordinator } from "./requests/find_coordinator.ts";
import { heartbeat } from "./requests/heartbeat.ts";
import { initProducerId } from "./requests/init_producer_id.ts";
import { joinGroup } from "./requests/join_group.ts";
import { leaveGroup } from "./requests/leave_group.ts";
import { listOffsets } from "./requests/list_offsets.ts";
import { listTransactions } from "./requests/list_transactions.ts";
import { metadata, topicId } from "./requests/metadata.ts";
import { offsetCommit } from "./requests/offset_commit.ts";
import { offsetFetch } from "./requests/offset_fetch.ts";
import { produce } from "./requests/produce.ts";
import { syncGroup } from "./requests/sync_group.ts";
import { txnOffsetCommit } from "./requests/txn_offset_commit.ts";
import type { Request, Transport } from "./transport.ts";

const ELSEWHERE = [CODE.coordinatorLoading, CODE.coordinatorNotAvailable, CODE.notCoordinator];

/** The requests of one user. A broken transport is replaced by a new one. */
export class TransportLine implements Line {
  readonly #open: () => Transport;
  #transport: Transport | undefined;
  #closed = false;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #coordinators = new Map<string, string>();

  constructor(open: () => Transport) {
    this.#open = open;
  }

  async connect(): Promise<void> {
    await this.#run((transport) => transport.brokers());
  }

  renew(): void {
    const transport = this.#transport;
    this.#transport = undefined;
    this.#coordinators.clear();
    if (transport) this.#track(transport.close());
  }

  async places(topic: string): Promise<readonly PartitionPlace[] | undefined> {
    const { topics: [described] } = await this.#send(undefined, metadata([topic]));
    const code = described?.error ?? CODE.unknownTopicOrPartition;
    if (code === CODE.unknownTopicOrPartition) return undefined;
    if (code !== 0) throw brokerError(code, `a question for the topic "${topic}"`);
    return described.partitions;
  }

  async topicId(topic: string): Promise<string | undefined> {
    try {
      return await this.#send(undefined, topicId(topic));
    } catch (error) {
      if (hasCode(error, CODE.unsupportedVersion)) return undefined;
      throw error;
    }
  }

  async listOffsets(
    topic: string,
    places: readonly PartitionPlace[],
    time: number,
    isolation: "committed" | "uncommitted" = "committed",
  ): Promise<readonly number[]> {
    const offsets = new Map<number, number>();
    for (const [leader, led] of Map.groupBy(places, (place) => place.leader)) {
      if (leader === undefined) throw brokerError(CODE.leaderNotAvailable, `a question for the offsets of "${topic}"`);
      const partitions = led.map(({ partition }) => partition);
      const found = await this.#send(leader, listOffsets(topic, partitions, { time, isolation }));
      for (const [partition, offset] of found) offsets.set(partition, offset);
    }
    return places.map(({ partition }) => offsets.get(partition)!);
  }

  async openTransactions(topic: string, { partition, leader }: PartitionPlace): Promise<readonly OpenTransaction[]> {
    const open = await this.#send(leader, describeProducers(topic, partition));
    if (open.length === 0) return [];
    const producers = open.map(({ producer }) => producer);
    const { brokers } = await this.#run((transport) => transport.brokers());
    // Any broker may coordinate a transaction. The transactions of a broker that does not answer stay unnamed.
    const asked = await Promise.allSettled([...brokers.keys()].map((node) => this.#nameProducers(node, producers)));
    const named = new Map(asked.flatMap((answer) => answer.status === "fulfilled" ? [...answer.value] : []));
    return open.map((one) => ({ ...one, ...named.get(one.producer) }))
      .sort((one, other) => one.firstOffset - other.firstOffset);
  }

  /** The transactional ids that a broker knows as a coordinator, by producer id. */
  async #nameProducers(
    node: string,
    producers: readonly number[],
  ): Promise<Map<number, Pick<OpenTransaction, "transactionalId" | "since">>> {
    const named = await this.#send(node, listTransactions(producers));
    const ids = [...named.values()];
    const began = ids.length === 0
      ? undefined
      : await this.#send(node, describeTransactions(ids)).catch(() => undefined);
    return new Map(
      [...named].map((
        [producer, transactionalId],
      ) => [producer, { transactionalId, since: began?.get(transactionalId) }]),
    );
  }

  topicConfig(topic: string): Promise<ReadonlyMap<string, string>> {
    return this.#send(undefined, describeTopic(topic));
  }

  async createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): Promise<void> {
    await this.#send(await this.#controller(), createTopic(topic, partitions, config));
  }

  async deleteRecords(
    topic: string,
    places: readonly PartitionPlace[],
    offsets: ReadonlyMap<number, number>,
  ): Promise<void> {
    const wanted = places.filter(({ partition }) => offsets.has(partition));
    for (const [leader, led] of Map.groupBy(wanted, (place) => place.leader)) {
      if (leader === undefined) throw brokerError(CODE.leaderNotAvailable, `a deletion of records of "${topic}"`);
      const below = new Map(led.map(({ partition }) => [partition, offsets.get(partition)!]));
      await this.#send(leader, deleteRecords(topic, below));
    }
  }

  async growTopic(topic: string, partitions: number): Promise<void> {
    await this.#send(await this.#controller(), createPartitions(topic, partitions));
  }

  fetch(
    leader: string,
    partitions: readonly FetchPartition[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    return this.#send(leader, fetch(partitions, limits));
  }

  async join(options: JoinOptions): Promise<Joined> {
    const joined = await this.#coordinated("group", options.group, joinGroup(options));
    if (!("invited" in joined)) return joined;
    const invited = joinGroup({ ...options, member: joined.invited });
    const again = await this.#coordinated("group", options.group, invited);
    if (!("invited" in again)) return again;
    throw brokerError(CODE.memberIdRequired, `a join of the group "${options.group}"`);
  }

  sync(
    membership: Membership,
    assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  ): Promise<Uint8Array> {
    return this.#coordinated("group", membership.group, syncGroup(membership, assignments));
  }

  heartbeat(membership: Membership): Promise<void> {
    return this.#coordinated("group", membership.group, heartbeat(membership));
  }

  leave(group: string, member: string): Promise<void> {
    return this.#coordinated("group", group, leaveGroup(group, member));
  }

  async members(group: string): Promise<readonly GroupMember[]> {
    const members = await this.#coordinated("group", group, describeGroup(group));
    if (members.length > 0) return members;
    try {
      return await this.#coordinated("group", group, describeConsumerGroup(group));
    } catch (error) {
      // A broker that does not know the newer protocol has no groups of that protocol.
      if (hasCode(error, CODE.unsupportedVersion)) return [];
      throw error;
    }
  }

  commitOffsets(membership: Membership, offsets: readonly StartOffset[], note: string): Promise<void> {
    return this.#coordinated("group", membership.group, offsetCommit(membership, offsets, note));
  }

  committed(
    group: string,
    topic: string,
    partitions: readonly number[],
    stable: boolean,
  ): Promise<ReadonlyMap<number, CommittedOffset>> {
    return this.#coordinated("group", group, offsetFetch(group, topic, { partitions, stable }));
  }

  initProducer(transactionalId: string, timeout: number): Promise<ProducerIdentity> {
    return this.#coordinated("transaction", transactionalId, initProducerId(transactionalId, timeout));
  }

  addPartitions(
    identity: ProducerIdentity,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void> {
    return this.#coordinated("transaction", identity.transactionalId, addPartitionsToTxn(identity, topics));
  }

  addOffsets(identity: ProducerIdentity, group: string): Promise<void> {
    return this.#coordinated("transaction", identity.transactionalId, addOffsetsToTxn(identity, group));
  }

  produce(
    leader: string,
    identity: ProducerIdentity,
    partitions: readonly ProducePartition[],
  ): Promise<Produced> {
    return this.#send(leader, produce(identity, partitions));
  }

  commitInTransaction(identity: ProducerIdentity, group: string, offsets: readonly NotedOffset[]): Promise<void> {
    return this.#coordinated("group", group, txnOffsetCommit(identity, group, offsets));
  }

  endTransaction(identity: ProducerIdentity, commit: boolean): Promise<void> {
    return this.#coordinated("transaction", identity.transactionalId, endTxn(identity, commit));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.renew();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #send<T>(node: string | undefined, request: Request<T>): Promise<T> {
    return this.#run((transport) => transport.send(node, request));
  }

  async #run<T>(ask: (transport: Transport) => Promise<T>): Promise<T> {
    if (this.#closed) throw closed();
    const transport = this.#transport ??= this.#open();
    try {
      return await this.#track(ask(transport));
    } catch (error) {
      throw this.#closed ? closed() : error;
    }
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    const done = promise.then(() => {}, () => {}).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return promise;
  }

  /** Reads the controller each time: it may have changed. */
  async #controller(): Promise<string | undefined> {
    return (await this.#send(undefined, metadata([]))).controller;
  }

  /**
   * Sends a request to the coordinator of a group or a transactional id. The coordinator is looked up once, and again
   * after a failure.
   */
  async #coordinated<T>(kind: "group" | "transaction", name: string, request: Request<T>): Promise<T> {
    const key = `${kind} ${name}`;
    try {
      let node = this.#coordinators.get(key);
      if (node === undefined) {
        node = await this.#send(undefined, findCoordinator(kind, name));
        this.#coordinators.set(key, node);
      }
      return await this.#send(node, request);
    } catch (error) {
      if (isDisconnected(error) || ELSEWHERE.some((code) => hasCode(error, code))) this.#coordinators.delete(key);
      throw error;
    }
  }
}

function closed(): KafkaError {
  return new KafkaError("the connection was closed", { kind: "closed" });
}
