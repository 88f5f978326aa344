/**
 * The simulated brokers: they handle requests and answer as Apache Kafka does.
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
  Membership,
  NotedOffset,
  OpenTransaction,
  PartitionPlace,
  Produced,
  ProduceFailure,
  ProducePartition,
  ProducerIdentity,
} from "../../../connectors/kafka/driver.ts";
import { brokerError } from "../../../connectors/kafka/errors.ts";
import type { Scheduler } from "../scheduler.ts";
import { check, lostRequest, refuse, refusedConnection, SERVER } from "./codes.ts";
import { Fetches } from "./fetches.ts";
import { Groups } from "./groups.ts";
import { Offsets } from "./offsets.ts";
import { Quota } from "./quota.ts";
import { Rights } from "./rights.ts";
import { Topics } from "./topics.ts";
import { type TransactionEnd, Transactions } from "./transactions.ts";
import type { ClusterOptions } from "./world.ts";

const EARLIEST = -2;
const LATEST = -1;

/** All brokers of a cluster. Methods with the names of a line's are its requests. */
export class Brokers {
  readonly topics: Topics;
  readonly fetches: Fetches;
  readonly groups: Groups;
  readonly offsets = new Offsets();
  readonly transactions: Transactions;
  readonly rights = new Rights();
  readonly quota: Quota;
  isUp = true;
  /** Coordinators refuse until this time, in virtual milliseconds. */
  loadingUntil = -Infinity;
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  readonly #topicDelay: number;

  constructor({ scheduler, random, brokers = ["1"], ...delays }: ClusterOptions) {
    const { markerDelay = 20, timeoutNoticed = 10_000, topicDelay = 5 } = delays;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#topicDelay = topicDelay;
    this.topics = new Topics(brokers, () => scheduler.now);
    this.fetches = new Fetches(this.topics, scheduler, this.rights);
    this.quota = new Quota(() => scheduler.now);
    this.groups = new Groups({
      scheduler,
      random,
      isUp: () => this.isUp,
      countOf: (topic) => this.topics.known(topic).partitions.length,
    });
    const writer = {
      writeToPartition: (topic: string, partition: number, end: TransactionEnd) =>
        this.#writeEnd(topic, partition, end),
      writeToGroup: (group: string, end: TransactionEnd) => this.#writeGroupEnd(group, end),
    };
    this.transactions = new Transactions({ scheduler, random, writer, delays: { markerDelay, timeoutNoticed } });
  }

  /** Handles a request if a broker is up. A request that is delayed beyond the client's timeout is given up. */
  serve<T>(
    what: string,
    effect: (brokers: Brokers) => T | Promise<T>,
    { patience, notBefore }: { readonly patience?: number | undefined; readonly notBefore: number },
  ): T | Promise<T> {
    if (!this.isUp) throw refusedConnection();
    const mutedFor = notBefore - this.#scheduler.now;
    const answer = mutedFor > 0 ? this.#later(mutedFor, effect) : effect(this);
    if (!(answer instanceof Promise) || patience === undefined) return answer;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const cancel = this.#scheduler.after(patience, () => reject(lostRequest(what)));
    answer.then(resolve, reject).finally(cancel);
    return promise;
  }

  async #later<T>(ms: number, effect: (brokers: Brokers) => T | Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => void this.#scheduler.after(ms, resolve));
    if (!this.isUp) throw refusedConnection();
    return await effect(this);
  }

  places(topic: string): readonly PartitionPlace[] | undefined {
    return this.topics.visible(topic)?.partitions.map(({ leader }, partition) => ({ partition, leader }));
  }

  topicId(topic: string): string | undefined {
    return this.topics.visible(topic)?.id;
  }

  listOffsets(
    topic: string,
    places: readonly PartitionPlace[],
    { time, isolation }: { readonly time: number; readonly isolation: "committed" | "uncommitted" },
  ): readonly number[] {
    return places.map(({ partition, leader }) => {
      const log = this.topics.served(topic, partition, leader);
      if (typeof log === "number") return refuse(log, "a question for offsets");
      if (time === LATEST && isolation === "uncommitted") return log.end;
      return time === EARLIEST ? log.start : time === LATEST ? log.stable : log.offsetAt(time);
    });
  }

  openTransactions(topic: string, { partition, leader }: PartitionPlace): OpenTransaction[] {
    const log = this.topics.served(topic, partition, leader);
    if (typeof log === "number") return refuse(log, "a question for open transactions");
    const named = new Map(this.transactions.open().map((one) => [one.producer, one]));
    return log.open.map(({ producer, firstOffset }) => {
      const found = named.get(producer);
      return { producer, firstOffset, transactionalId: found?.transactionalId, since: found?.began };
    });
  }

  topicConfig(topic: string): ReadonlyMap<string, string> {
    const found = this.topics.visible(topic);
    const request = "a question for configuration";
    check(this.rights.check({ to: "describe configs", topic }), request);
    return found === undefined ? refuse(SERVER.unknownTopicOrPartition, request) : found.config;
  }

  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): void {
    // Metadata and leaders learn of the topic with a delay.
    const [visibleFrom, servedFrom] = [this.#soon(), this.#soon()];
    const code = this.topics.create(topic, partitions, { config, visibleFrom, servedFrom });
    const collision = this.topics.collidingWith(topic);
    const said = collision && `Topic '${topic}' collides with existing topics: ${collision}`;
    if (code !== 0) throw brokerError(code, "the creation of a topic", said);
  }

  deleteRecords(topic: string, places: readonly PartitionPlace[], offsets: ReadonlyMap<number, number>): void {
    for (const { partition, leader } of places) {
      const below = offsets.get(partition);
      if (below === undefined) continue;
      const log = this.topics.served(topic, partition, leader);
      if (typeof log === "number") return refuse(log, "a deletion of records");
      if (below > log.end) return refuse(SERVER.offsetOutOfRange, "a deletion of records");
      log.deleteBefore(below);
    }
  }

  growTopic(topic: string, partitions: number): void {
    check(this.topics.grow(topic, partitions, this.#soon()), "the growth of a topic");
  }

  fetch(
    leader: string,
    partitions: readonly FetchPartition[],
    limits: FetchLimits,
  ): readonly FetchedPartition[] | Promise<readonly FetchedPartition[]> {
    return this.fetches.fetch(leader, partitions, limits);
  }

  invite(options: JoinOptions): string {
    this.#checkGroups();
    return this.groups.invite(options);
  }

  join(options: JoinOptions): Joined | Promise<Joined> {
    this.#checkGroups();
    return this.groups.join(options);
  }

  sync(
    membership: Membership,
    assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  ): Uint8Array | Promise<Uint8Array> {
    this.#checkGroups();
    return this.groups.sync(membership, assignments);
  }

  heartbeat(membership: Membership): void {
    this.#checkGroups();
    this.groups.heartbeat(membership);
  }

  leave(group: string, member: string): void {
    this.#checkGroups();
    this.groups.leave(group, member);
  }

  members(group: string): readonly GroupMember[] {
    this.#checkGroups();
    return this.groups.describe(group);
  }

  commitOffsets(membership: Membership, offsets: readonly StartOffset[], note: string): void {
    this.#checkGroups();
    this.groups.checkCommit(membership);
    const known = offsets.filter(({ topic, partition }) => this.topics.has(topic, partition));
    this.offsets.commit(membership.group, known, note);
    if (known.length < offsets.length) refuse(SERVER.unknownTopicOrPartition, "a commit of offsets");
  }

  committed(
    group: string,
    topic: string,
    { partitions, stable }: { readonly partitions: readonly number[]; readonly stable: boolean },
  ): ReadonlyMap<number, CommittedOffset> {
    this.#checkGroups();
    if (stable && this.offsets.isUnstable(group, topic, partitions)) {
      refuse(SERVER.unstableOffsetCommit, "a question for committed offsets");
    }
    return this.offsets.read(group, topic, partitions);
  }

  initProducer(transactionalId: string, timeout: number): ProducerIdentity {
    this.#checkTransactions();
    const identity = this.transactions.init(transactionalId, timeout);
    return typeof identity === "number" ? refuse(identity, "the initialising of a producer") : identity;
  }

  addPartitions(
    identity: ProducerIdentity,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): void {
    this.#checkTransactions();
    const all = topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    if (!all.every(({ topic, partition }) => this.topics.has(topic, partition))) {
      refuse(SERVER.unknownTopicOrPartition, "partitions of a transaction");
    }
    for (const { topic } of topics) {
      // If one topic is denied, no partition is added.
      check(this.rights.check({ to: "write", topic }), `partitions of "${topic}" in a transaction`);
    }
    check(this.transactions.addPartitions(identity, all), "partitions of a transaction");
  }

  addOffsets(identity: ProducerIdentity, group: string): void {
    this.#checkTransactions();
    this.#checkGroups();
    check(this.transactions.addGroup(identity, group), "a group of a transaction");
  }

  produce(
    leader: string,
    identity: ProducerIdentity,
    partitions: readonly ProducePartition[],
  ): Produced {
    const failures: ProduceFailure[] = [];
    for (const { topic, partition, batch } of partitions) {
      const error = this.#write(leader, identity, { topic, partition, batch });
      if (error === 0) this.fetches.wake(topic, partition);
      else failures.push({ topic, partition, error, records: [], said: undefined });
    }
    return { failures, throttle: 0 };
  }

  commitInTransaction(identity: ProducerIdentity, group: string, offsets: readonly NotedOffset[]): void {
    this.#checkTransactions();
    this.#checkGroups();
    const request = "offsets of a transaction";
    if (!this.offsets.hasOpen(group, identity.producer, identity.epoch)) {
      check(this.transactions.verify(identity, { group }), request);
    }
    const known = offsets.filter(({ topic, partition }) => this.topics.has(topic, partition));
    check(this.offsets.commitInTransaction(group, identity, known), request);
    if (known.length < offsets.length) refuse(SERVER.unknownTopicOrPartition, request);
  }

  endTransaction(identity: ProducerIdentity, commit: boolean): void {
    this.#checkTransactions();
    check(this.transactions.end(identity, commit), "the end of a transaction");
  }

  #write(leader: string, identity: ProducerIdentity, { topic, partition, batch }: ProducePartition): number {
    const denied = this.rights.check({ to: "use transactional ids" }) || this.rights.check({ to: "write", topic });
    if (denied !== 0) return denied;
    const log = this.topics.served(topic, partition, leader);
    if (typeof log === "number") return log;
    if (!log.hasOpen(identity.producer, identity.epoch)) {
      // Clients of this version do not get the reason why the leader cannot verify. They are told to try again.
      if (this.#scheduler.now < this.loadingUntil) return SERVER.notEnoughReplicas;
      const error = this.transactions.verify(identity, { partition: `${topic}/${partition}` });
      if (error !== 0) return error === SERVER.concurrentTransactions ? SERVER.notEnoughReplicas : error;
    }
    return log.append(batch, this.#scheduler.now);
  }

  #writeEnd(topic: string, partition: number, end: TransactionEnd): boolean {
    const found = this.topics.find(topic, partition);
    // A topic that was deleted meanwhile has no transaction to end.
    if (found === undefined) return true;
    if (!this.isUp || found.leader === undefined) return false;
    found.log.finish({ ...end, time: this.#scheduler.now });
    this.fetches.wake(topic, partition);
    return true;
  }

  #writeGroupEnd(group: string, end: TransactionEnd): boolean {
    if (!this.isUp) return false;
    this.offsets.finish(group, end);
    return true;
  }

  #checkGroups(): void {
    this.#checkCoordinators();
    check(this.rights.check({ to: "use groups" }), "a request to a consumer group");
  }

  #checkTransactions(): void {
    this.#checkCoordinators();
    check(this.rights.check({ to: "use transactional ids" }), "a request of a transactional id");
  }

  #checkCoordinators(): void {
    if (this.#scheduler.now < this.loadingUntil) refuse(SERVER.coordinatorLoading, "a request to a coordinator");
  }

  #soon(): number {
    return this.#scheduler.now + this.#random() * this.#topicDelay;
  }
}
