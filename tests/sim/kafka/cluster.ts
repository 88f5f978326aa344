/**
 * A simulated Kafka cluster. It behaves as Apache Kafka 4, as far as the engine can tell the difference, in virtual
 * time and with one source of randomness. It passes the same contract as a real cluster.
 *
 * @module
 */
import type { InputRecord, OutputRecord } from "../../../connectors/connector.ts";
import type { Driver } from "../../../connectors/kafka/driver.ts";
import { decodePartition } from "../../../connectors/kafka/record_batch_decode.ts";
import type { Caller } from "../caller.ts";
import type { Scheduler } from "../scheduler.ts";
import { plainBatch } from "./batches.ts";
import { Brokers } from "./brokers.ts";
import { SimLine } from "./line.ts";
import type { Right } from "./rights.ts";
import type { ClusterOptions, KafkaWorld, LogView, OpenTransaction } from "./world.ts";

/** A cluster that is up and has no topics. */
export class SimCluster implements KafkaWorld {
  readonly #scheduler: Scheduler;
  readonly #brokers: Brokers;

  constructor(options: ClusterOptions) {
    this.#scheduler = options.scheduler;
    this.#brokers = new Brokers(options);
  }

  driver(caller: Caller): Driver {
    return { name: "simulated:9092", line: () => new SimLine(this.#brokers, caller) };
  }

  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): void {
    must(this.#brokers.topics.create(topic, partitions, { config }), `create the topic "${topic}"`);
  }

  growTopic(topic: string, partitions: number): void {
    must(this.#brokers.topics.grow(topic, partitions), `grow the topic "${topic}"`);
  }

  configure(topic: string, config: Readonly<Record<string, string>>): void {
    this.#brokers.topics.configure(topic, config);
  }

  configOf(topic: string): ReadonlyMap<string, string> {
    return this.#brokers.topics.known(topic).config;
  }

  deny(right: Right): void {
    this.#brokers.rights.deny(right);
  }

  allow(right: Right): void {
    this.#brokers.rights.allow(right);
  }

  setQuota(bytesPerSecond: number): void {
    this.#brokers.quota.bytesPerSecond = bytesPerSecond;
  }

  limitTransactions(ms: number): void {
    this.#brokers.transactions.longestTimeout = ms;
  }

  deleteTopic(topic: string): void {
    const { topics, offsets, fetches } = this.#brokers;
    const partitions = this.partitionsOf(topic);
    topics.delete(topic);
    offsets.forgetTopic(topic);
    for (let partition = 0; partition < partitions; partition++) fetches.wake(topic, partition);
  }

  partitionsOf(topic: string): number {
    return this.#brokers.topics.known(topic).partitions.length;
  }

  append(records: readonly OutputRecord[]): void {
    for (const of of Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`).values()) {
      const [{ topic, partition }] = of;
      must(this.#log(topic, partition).append(plainBatch(of), this.#scheduler.now), `append to "${topic}"`);
      this.#brokers.fetches.wake(topic, partition);
    }
  }

  deleteRecords(topic: string, partition: number, before: number): void {
    this.#log(topic, partition).deleteBefore(before);
    this.#brokers.fetches.wake(topic, partition);
  }

  committedRecords(topic: string): InputRecord[] {
    return this.#brokers.topics.known(topic).partitions.flatMap(({ log }, partition) => {
      const all: InputRecord[] = [];
      // A decoded fetch is bounded, as a reader's memory is.
      for (let from = log.start; from < log.stable;) {
        const { records, position } = decodePartition({ topic, partition, ...log.read(from, Infinity) }, from);
        all.push(...records);
        if (position <= from) break;
        from = position;
      }
      return all;
    });
  }

  /** Whether a reader at these offsets, by partition, would see a record of the topic. */
  hasUnread(topic: string, offsets: ReadonlyMap<number, number>): boolean {
    return this.#brokers.topics.known(topic).partitions.some(({ log }, partition) => {
      const from = Math.max(log.start, offsets.get(partition) ?? 0);
      return from < log.stable &&
        decodePartition({ topic, partition, ...log.read(from, Infinity) }, from).records.length > 0;
    });
  }

  bounds(topic: string): readonly LogView[] {
    return this.#brokers.topics.known(topic).partitions.map(({ log }) => ({
      earliest: log.start,
      stable: log.stable,
      latest: log.end,
    }));
  }

  openTransactions(): OpenTransaction[] {
    return this.#brokers.transactions.open();
  }

  groupOffsets(group: string, topic: string): Map<number, number> {
    const partitions = Array.from({ length: this.partitionsOf(topic) }, (_, partition) => partition);
    const found = this.#brokers.offsets.read(group, topic, partitions);
    return new Map([...found].map(([partition, { offset }]) => [partition, offset]));
  }

  groupMembers(group: string): string[] {
    return this.#brokers.groups.members(group);
  }

  intrude(group: string, topic: string): () => void {
    return this.#brokers.groups.intrude(group, topic);
  }

  resetOffsets(group: string, topic: string, offsets: ReadonlyMap<number, number>): void {
    if (this.groupMembers(group).length > 0) throw new Error(`Cannot reset the group "${group}": it has members`);
    this.#brokers.offsets.commit(
      group,
      [...offsets].map(([partition, offset]) => ({ topic, partition, offset })),
    );
  }

  expireOffsets(group: string): void {
    this.#brokers.offsets.expire(group);
  }

  down(): void {
    if (!this.#brokers.isUp) return;
    this.#brokers.isUp = false;
    this.#brokers.fetches.drop();
    this.#brokers.groups.drop();
  }

  up(): void {
    if (this.#brokers.isUp) return;
    this.#brokers.isUp = true;
    this.#brokers.groups.reload();
  }

  moveLeader(topic: string, partition: number, leader: string | undefined): void {
    const found = this.#brokers.topics.find(topic, partition);
    if (found === undefined) throw new Error(`There is no partition ${partition} of "${topic}"`);
    found.leader = leader;
    this.#brokers.fetches.wake(topic, partition);
  }

  loadCoordinators(ms: number): void {
    this.#brokers.loadingUntil = this.#scheduler.now + ms;
  }

  #log(topic: string, partition: number) {
    const found = this.#brokers.topics.find(topic, partition);
    if (found === undefined) throw new Error(`There is no partition ${partition} of "${topic}"`);
    return found.log;
  }
}

/** Requests of the world itself must succeed; a refusal is a bug of the world. */
function must(code: number, wanted: string): void {
  if (code !== 0) throw new Error(`Cannot ${wanted} in the simulated Kafka: error code ${code}`);
}
