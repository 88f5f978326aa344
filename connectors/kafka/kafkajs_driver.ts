/**
 * The driver port on kafkajs 2.2.4.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { StartOffset } from "../connector.ts";
import type {
  Driver,
  FetchedPartition,
  FetchLimits,
  FetchPartition,
  Joined,
  JoinOptions,
  Line,
  Membership,
  OpenTransaction,
  PartitionPlace,
  ProduceFailure,
  ProducePartition,
  ProducerIdentity,
} from "./driver.ts";
import { CODE, hasCode, KafkaError } from "./errors.ts";
import { ClusterLife, type KafkaJsBroker, type KafkaJsCluster, type KafkaJsOptions } from "./kafkajs_cluster.ts";
import { toKafkaError } from "./kafkajs_errors.ts";
import {
  checkVersions,
  fetchRequest,
  metadataRequest,
  offsetFetchRequest,
  produceRequest,
  TOPIC_ID_METADATA,
  topicIdRequest,
} from "./kafkajs_requests.ts";

import { findOpenTransactions } from "./kafkajs_transactions.ts";

const GROUP = 0;
const TRANSACTION = 1;
const ISOLATION = { uncommitted: 0, committed: 1 };
const TOPIC_RESOURCE = 2;

/** The kafkajs client, for one cluster. */
export class KafkaJsDriver implements Driver {
  readonly name: string;
  readonly #brokers: readonly string[];
  readonly #options: KafkaJsOptions;

  constructor(brokers: readonly string[], options: KafkaJsOptions) {
    this.name = brokers.join(",");
    this.#brokers = brokers;
    this.#options = options;
  }

  line(): Line {
    // kafkajs asks the first of the brokers that are named, and without its own retries no other: each life begins with the next
    // one, so that a cluster is found whichever of its brokers are away.
    let first = 0;
    const inTurn = () => {
      const brokers = this.#brokers.map((_, index) => this.#brokers[(first + index) % this.#brokers.length]);
      first++;
      return brokers;
    };
    return new KafkaJsLine(() => new ClusterLife(inTurn(), this.#options));
  }
}

class KafkaJsLine implements Line {
  readonly #open: () => ClusterLife;
  #life: ClusterLife | undefined;
  #closed = false;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #coordinators = new Map<string, string>();

  constructor(open: () => ClusterLife) {
    this.#open = open;
  }

  connect(): Promise<void> {
    return this.#run(async (cluster) => {
      if (cluster.brokerPool.hasConnectedBrokers() && Object.keys(cluster.brokerPool.brokers).length > 0) return;
      await cluster.connect();
      await cluster.refreshMetadata();
      checkVersions((await cluster.brokerPool.findConnectedBroker()).versions);
    });
  }

  renew(): void {
    const life = this.#life;
    this.#life = undefined;
    this.#coordinators.clear();
    if (life) this.#track(life.end());
  }

  places(topic: string): Promise<readonly PartitionPlace[] | undefined> {
    return this.#run(async (cluster) => {
      const broker = await cluster.brokerPool.findConnectedBroker();
      const metadata = await broker.connectionPool.send(metadataRequest([topic]));
      if (metadata.brokers.some(({ nodeId }) => !(nodeId in cluster.brokerPool.brokers))) {
        await cluster.refreshMetadata();
      }
      const [described] = metadata.topicMetadata;
      const code = described?.topicErrorCode ?? CODE.unknownTopicOrPartition;
      if (code === CODE.unknownTopicOrPartition) return undefined;
      if (code !== 0) throw new KafkaError(`error code ${code} for the topic "${topic}"`, { kind: "broker", code });
      return described.partitionMetadata
        .map(({ partitionId, leader }) => ({
          partition: partitionId,
          leader: leader < 0 ? undefined : String(leader),
        }))
        .sort((one, other) => one.partition - other.partition);
    });
  }

  topicId(topic: string): Promise<string | undefined> {
    return this.#run(async (cluster) => {
      const broker = await cluster.brokerPool.findConnectedBroker();
      const { apiKey, version } = TOPIC_ID_METADATA;
      if ((broker.versions[apiKey]?.maxVersion ?? 0) < version) return undefined;
      return await broker.connectionPool.send(topicIdRequest(topic));
    });
  }

  listOffsets(...[topic, places, time, isolation]: Parameters<Line["listOffsets"]>): Promise<readonly number[]> {
    return this.#run(async (cluster) => {
      const offsets = new Map<number, number>();
      for (const [leader, led] of Map.groupBy(places, (place) => place.leader)) {
        if (leader === undefined) throw leaderless(topic);
        const broker = await cluster.findBroker({ nodeId: leader });
        const partitions = led.map(({ partition }) => ({ partition, timestamp: time }));
        const { responses } = await broker.listOffsets({
          replicaId: -1,
          isolationLevel: ISOLATION[isolation ?? "committed"],
          topics: [{ topic, partitions }],
        });
        for (const { partition, offset } of responses[0].partitions) offsets.set(partition, Number(offset));
      }
      return places.map(({ partition }) => offsets.get(partition)!);
    });
  }

  openTransactions(topic: string, place: PartitionPlace): Promise<readonly OpenTransaction[]> {
    return this.#run((cluster) => findOpenTransactions(cluster, topic, place));
  }

  topicConfig(topic: string): Promise<ReadonlyMap<string, string>> {
    return this.#run(async (cluster) => {
      const broker = await cluster.brokerPool.findConnectedBroker();
      const { resources } = await broker.describeConfigs({ resources: [{ type: TOPIC_RESOURCE, name: topic }] });
      return new Map(resources[0].configEntries.map(({ configName, configValue }) => [configName, configValue ?? ""]));
    });
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.#controller((broker) => broker.createTopics({ topics: [{ topic, numPartitions: partitions }] }));
  }

  async growTopic(topic: string, partitions: number): Promise<void> {
    await this.#controller((broker) => broker.createPartitions({ topicPartitions: [{ topic, count: partitions }] }));
  }

  fetch(
    leader: string,
    partitions: readonly FetchPartition[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    return this.#run(async (cluster) => {
      const broker = await cluster.findBroker({ nodeId: leader });
      return await broker.connectionPool.send(fetchRequest(partitions, limits));
    });
  }

  join(options: JoinOptions): Promise<Joined> {
    return this.#coordinated(GROUP, options.group, async (broker) => {
      const joined = await broker.joinGroup({
        groupId: options.group,
        sessionTimeout: options.sessionTimeout,
        rebalanceTimeout: options.rebalanceTimeout,
        memberId: options.member,
        groupProtocols: [{ name: options.protocol, metadata: Buffer.from(options.subscription) }],
      });
      const members = joined.members.map(({ memberId, memberMetadata }) => ({
        member: memberId,
        subscription: memberMetadata,
      }));
      return {
        member: joined.memberId,
        generation: joined.generationId,
        members: joined.leaderId === joined.memberId ? members : undefined,
      };
    });
  }

  sync(
    membership: Membership,
    assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  ): Promise<Uint8Array> {
    return this.#coordinated(GROUP, membership.group, async (broker) => {
      const { memberAssignment } = await broker.syncGroup({
        groupId: membership.group,
        generationId: membership.generation,
        memberId: membership.member,
        groupAssignment: assignments.map(({ member, assignment }) => ({
          memberId: member,
          memberAssignment: Buffer.from(assignment),
        })),
      });
      return memberAssignment;
    });
  }

  async heartbeat(membership: Membership): Promise<void> {
    await this.#coordinated(GROUP, membership.group, (broker) =>
      broker.heartbeat({
        groupId: membership.group,
        memberId: membership.member,
        groupGenerationId: membership.generation,
      }));
  }

  async leave(group: string, member: string): Promise<void> {
    await this.#coordinated(GROUP, group, (broker) => broker.leaveGroup({ groupId: group, memberId: member }));
  }

  async commitOffsets(membership: Membership, offsets: readonly StartOffset[]): Promise<void> {
    await this.#coordinated(GROUP, membership.group, (broker) =>
      broker.offsetCommit({
        groupId: membership.group,
        memberId: membership.member,
        groupGenerationId: membership.generation,
        topics: byTopic(offsets),
      }));
  }

  committed(
    group: string,
    topic: string,
    partitions: readonly number[],
    stable: boolean,
  ): Promise<ReadonlyMap<number, number>> {
    return this.#coordinated(
      GROUP,
      group,
      (broker) => broker.connectionPool.send(offsetFetchRequest(group, topic, { partitions, stable })),
    );
  }

  initProducer(transactionalId: string, timeout: number): Promise<ProducerIdentity> {
    return this.#coordinated(TRANSACTION, transactionalId, async (broker) => {
      const { producerId, producerEpoch } = await broker.initProducerId({
        transactionalId,
        transactionTimeout: timeout,
      });
      return { transactionalId, producer: Number(producerId), epoch: producerEpoch };
    });
  }

  async addPartitions(
    identity: ProducerIdentity,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void> {
    const add = (some: typeof topics) =>
      this.#coordinated(
        TRANSACTION,
        identity.transactionalId,
        (broker) => broker.addPartitionsToTxn({ ...inKafkaJsForm(identity), topics: some }),
      );
    try {
      await add(topics);
    } catch (error) {
      if (!hasCode(error, CODE.operationNotAttempted)) throw error;
      // None was added, for want of another one, and kafkajs tells the first failure only: asked one by one, it shows itself.
      for (const { topic, partitions } of topics) {
        for (const partition of partitions) await add([{ topic, partitions: [partition] }]);
      }
    }
  }

  async addOffsets(identity: ProducerIdentity, group: string): Promise<void> {
    await this.#coordinated(
      TRANSACTION,
      identity.transactionalId,
      (broker) => broker.addOffsetsToTxn({ ...inKafkaJsForm(identity), groupId: group }),
    );
  }

  produce(
    leader: string,
    identity: ProducerIdentity,
    partitions: readonly ProducePartition[],
  ): Promise<readonly ProduceFailure[]> {
    return this.#run(async (cluster) => {
      const broker = await cluster.findBroker({ nodeId: leader });
      return await broker.connectionPool.send(produceRequest(identity, partitions));
    });
  }

  async commitInTransaction(
    identity: ProducerIdentity,
    group: string,
    offsets: readonly StartOffset[],
  ): Promise<void> {
    await this.#coordinated(
      GROUP,
      group,
      (broker) => broker.txnOffsetCommit({ ...inKafkaJsForm(identity), groupId: group, topics: byTopic(offsets) }),
    );
  }

  async endTransaction(identity: ProducerIdentity, commit: boolean): Promise<void> {
    await this.#coordinated(
      TRANSACTION,
      identity.transactionalId,
      (broker) => broker.endTxn({ ...inKafkaJsForm(identity), transactionResult: commit }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.renew();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Runs a request and makes its failure one of ours. */
  #run<T>(ask: (cluster: KafkaJsCluster) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new KafkaError("the connection was closed", { kind: "closed" }));
    const life = this.#life ??= this.#open();
    return this.#track(
      ask(life.cluster).catch((error) => {
        throw this.#closed ? new KafkaError("the connection was closed", { kind: "closed" }) : toKafkaError(error);
      }),
    );
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    const done = promise.then(() => {}, () => {}).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return promise;
  }

  #controller<T>(ask: (broker: KafkaJsBroker) => Promise<T>): Promise<T> {
    return this.#run(async (cluster) => {
      await cluster.refreshMetadata();
      return await ask(await cluster.findControllerBroker());
    });
  }

  /** Asks the broker that coordinates a group or a transactional id, which is looked up once and anew after a failure. */
  #coordinated<T>(type: number, name: string, ask: (broker: KafkaJsBroker) => Promise<T>): Promise<T> {
    const key = `${type} ${name}`;
    return this.#run(async (cluster) => {
      try {
        let nodeId = this.#coordinators.get(key);
        if (nodeId === undefined) {
          // kafkajs' own way to find it hides why there is none yet.
          const any = await cluster.brokerPool.findConnectedBroker();
          const { coordinator } = await any.findGroupCoordinator({ groupId: name, coordinatorType: type });
          nodeId = String(coordinator.nodeId);
          if (!(nodeId in cluster.brokerPool.brokers)) await cluster.refreshMetadata();
          this.#coordinators.set(key, nodeId);
        }
        return await ask(await cluster.findBroker({ nodeId }));
      } catch (error) {
        if (pointsElsewhere(error)) this.#coordinators.delete(key);
        throw error;
      }
    });
  }
}

function pointsElsewhere(error: unknown): boolean {
  const { kind, code } = toKafkaError(error);
  return kind === "connection" || (code !== undefined && code >= 14 && code <= 16);
}

function leaderless(topic: string): KafkaError {
  return new KafkaError(`a partition of "${topic}" has no leader`, { kind: "broker", code: CODE.leaderNotAvailable });
}

function inKafkaJsForm(identity: ProducerIdentity): {
  transactionalId: string;
  producerId: string;
  producerEpoch: number;
} {
  return {
    transactionalId: identity.transactionalId,
    producerId: String(identity.producer),
    producerEpoch: identity.epoch,
  };
}

function byTopic(
  offsets: readonly StartOffset[],
): { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[] {
  return [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, found]) => ({
    topic,
    partitions: found.map(({ partition, offset }) => ({ partition, offset: String(offset), metadata: "" })),
  }));
}
