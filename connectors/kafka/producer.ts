/**
 * A transactional producer: one life, one transaction after the other.
 *
 * Invariant: a transaction holds all its records and all its markers when it is committed, or it is not committed. Whatever
 * cannot be known for sure rejects, and ends this life: its successor fences it and reads the marker.
 *
 * A transaction is three waits: (partitions and the markers' group are added) -> (records and markers are written) -> (it is
 * committed). What stands in parentheses is sent together, but over one connection: a broker that verifies two requests of a
 * transaction at the same time refuses one of them.
 *
 * @module
 */

import { pause } from "../../base/backoff.ts";
import type { OutputRecord } from "../connector.ts";
import type { TimerClock } from "../../base/clock.ts";
import type { Line, ProduceFailure, ProducePartition, ProducerIdentity } from "./driver.ts";
import { brokerError, CODE, explain, hasCode, isPassing, KafkaError } from "./errors.ts";
import {
  ASK_LIMIT,
  CONCURRENT_TRANSACTION_PAUSE,
  PRODUCE_BYTES,
  REFUSED_AT_ONCE,
  REFUSED_STEP_LIMIT,
  RETRY_PAUSE,
  TRANSACTION_TIMEOUT,
} from "./limits.ts";
import { encodeBatch, nextSequence } from "./record_batch_encode.ts";
import { askUntil } from "./retry.ts";

const NO_COORDINATOR = [CODE.coordinatorLoading, CODE.coordinatorNotAvailable, CODE.notCoordinator];

/** Refused for the moment: the leader has moved or is just being made, or too few replicas are in sync or took too long. */
const SENT_AGAIN: ReadonlySet<number> = new Set([
  CODE.unknownTopicOrPartition,
  CODE.leaderNotAvailable,
  CODE.notLeader,
  CODE.notEnoughReplicas,
  CODE.notEnoughReplicasAfterAppend,
  CODE.requestTimedOut,
]);

/** The records of one topic partition in a transaction, as far as they are sent. */
interface Load {
  readonly topic: string;
  readonly partition: number;
  readonly records: OutputRecord[];
  /** The largest batch that the topic takes, in bytes. */
  readonly limit: number;
  sent: number;
}

/** The epoch of a task that a transaction makes visible: goes with the results, atomically. */
export interface Marker {
  /** The group of the job's markers. */
  readonly group: string;
  /** The empty topic whose partitions stand for tasks. */
  readonly topic: string;
  /** The task's number. */
  readonly partition: number;
  /** The last epoch whose results the transaction carries. */
  readonly epoch: number;
}

/** What a producer must know of a topic. */
export interface ProducerTopic {
  readonly leaders: readonly string[];
  /** The largest batch that it takes, in bytes. */
  readonly batchBytes: number;
}

/** Initialises a transactional id: earlier lives of it can no longer commit, and what they left open is aborted. */
export async function initialise(
  line: Line,
  transactionalId: string,
  clock: TimerClock,
): Promise<ProducerIdentity> {
  // While what an earlier life left open is being aborted, the coordinator refuses with code 51.
  const retries = (error: unknown) => isPassing(error) || hasCode(error, CODE.concurrentTransactions);
  return await askUntil(line, () => line.initProducer(transactionalId, TRANSACTION_TIMEOUT), {
    clock,
    limit: ASK_LIMIT,
    retries,
  });
}

/** A producer on a line of its own. After any error it is of no use. */
export class TransactionalProducer {
  readonly #line: Line;
  readonly #identity: ProducerIdentity;
  readonly #brokers: string;
  readonly #clock: TimerClock;
  readonly #describe: (topic: string) => Promise<ProducerTopic>;
  readonly #topics = new Map<string, ProducerTopic>();
  readonly #sequences = new Map<string, number>();
  #busy = false;
  #broken: Error | undefined;

  constructor(line: Line, identity: ProducerIdentity, { brokers, clock, describe }: {
    readonly brokers: string;
    readonly clock: TimerClock;
    readonly describe: (topic: string) => Promise<ProducerTopic>;
  }) {
    this.#line = line;
    this.#identity = identity;
    this.#brokers = brokers;
    this.#clock = clock;
    this.#describe = describe;
  }

  /** Sends the records and the markers in one transaction and commits it. Rejects on any doubt about its outcome. */
  async publish(records: readonly OutputRecord[], markers: readonly Marker[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    if (this.#busy) throw new Error("Cannot publish: a transaction of this producer is under way");
    if (records.length === 0 && markers.length === 0) return;
    this.#busy = true;
    try {
      const loads = await this.#sort(records);
      await this.#begin(loads, markers);
      await Promise.all([this.#sendAll(loads), ...this.#sendMarkers(markers)]);
      await this.#line.endTransaction(this.#identity, true);
    } catch (error) {
      this.#broken = explain(error, `publish results as "${this.#identity.transactionalId}"`, this.#brokers);
      throw this.#broken;
    } finally {
      this.#busy = false;
    }
  }

  /** Lets go of its connections. */
  async close(): Promise<void> {
    this.#broken ??= new Error("Cannot publish: this producer is closed");
    await this.#line.close();
  }

  async #sort(records: readonly OutputRecord[]): Promise<Load[]> {
    const loads: Load[] = [];
    const byTopic = new Map<string, (Load | undefined)[]>();
    for (const record of records) {
      const { topic, partition } = record;
      let ofTopic = byTopic.get(topic);
      if (ofTopic === undefined) byTopic.set(topic, ofTopic = []);
      let load = ofTopic[partition];
      if (load === undefined) {
        const { leaders, batchBytes } = this.#topics.get(topic) ?? await this.#learn(topic);
        if (leaders[partition] === undefined) {
          throw new RangeError(
            `Cannot publish to "${topic}" partition ${partition}: it has ${leaders.length} partitions`,
          );
        }
        load = { topic, partition, records: [], limit: batchBytes, sent: 0 };
        ofTopic[partition] = load;
        loads.push(load);
      }
      load.records.push(record);
    }
    return loads;
  }

  async #learn(topic: string): Promise<ProducerTopic> {
    const known = await this.#describe(topic);
    this.#topics.set(topic, known);
    return known;
  }

  /** Tells the coordinator what the transaction will touch. Nothing is written yet, so it may be asked again. */
  async #begin(loads: readonly Load[], markers: readonly Marker[]): Promise<void> {
    const topics = [...Map.groupBy(loads, ({ topic }) => topic)].map(([topic, led]) => ({
      topic,
      partitions: led.map(({ partition }) => partition),
    }));
    const steps = [...new Set(markers.map(({ group }) => group))].map((group) =>
      this.#patiently(() => this.#line.addOffsets(this.#identity, group))
    );
    if (topics.length > 0) steps.push(this.#patiently(() => this.#line.addPartitions(this.#identity, topics)));
    await settled(steps);
  }

  /**
   * Repeats a step that is refused because the transaction before it is still being finished, or because a coordinator is
   * just moving or being made. These are answers: the step surely had no effect.
   */
  async #patiently(step: () => Promise<void>): Promise<void> {
    const deadline = this.#clock.elapsed() + REFUSED_STEP_LIMIT;
    for (let refused = 1;; refused++) {
      try {
        return await step();
      } catch (error) {
        const unfinished = hasCode(error, CODE.concurrentTransactions);
        if (this.#clock.elapsed() >= deadline || !(unfinished || NO_COORDINATOR.some((code) => hasCode(error, code)))) {
          throw error;
        }
        if (!unfinished) await pause(this.#clock, RETRY_PAUSE.first);
        // Finishing takes about as long as asking, and the shortest timer takes longer than both.
        else if (refused > REFUSED_AT_ONCE) await pause(this.#clock, CONCURRENT_TRANSACTION_PAUSE);
      }
    }
  }

  /** A batch a partition and round, until all is sent. */
  async #sendAll(loads: readonly Load[]): Promise<void> {
    let left = loads;
    while (left.length > 0) {
      const batches: ProducePartition[] = [];
      let bytes = 0;
      for (const load of left) {
        if (bytes >= PRODUCE_BYTES) break;
        const batch = this.#nextBatch(load);
        batches.push(batch);
        bytes += batch.batch.length;
      }
      await this.#write(batches);
      left = left.filter(({ sent, records }) => sent < records.length);
    }
  }

  /**
   * Sends batches until all are written. What a broker refuses for the moment is sent again with its old sequence number, so
   * it is written once. (Kafka 4 answers with `notEnoughReplicas` also while it cannot verify the transaction just now.)
   */
  async #write(batches: readonly ProducePartition[]): Promise<void> {
    const deadline = this.#clock.elapsed() + REFUSED_STEP_LIMIT;
    let left = batches;
    for (;;) {
      const failures = await this.#writeOnce(left);
      if (failures.length === 0) return;
      const fatal = failures.find(({ error }) => !SENT_AGAIN.has(error)) ?? failures[0];
      if (!SENT_AGAIN.has(fatal.error) || this.#clock.elapsed() >= deadline) {
        throw brokerError(fatal.error, `records for "${fatal.topic}" partition ${fatal.partition}`);
      }
      await pause(this.#clock, RETRY_PAUSE.first);
      for (const topic of new Set(failures.map((failure) => failure.topic))) await this.#learn(topic);
      left = left.filter((batch) =>
        failures.some(({ topic, partition }) => topic === batch.topic && partition === batch.partition)
      );
    }
  }

  async #writeOnce(batches: readonly ProducePartition[]): Promise<readonly ProduceFailure[]> {
    const byLeader = Map.groupBy(batches, ({ topic, partition }) => this.#topics.get(topic)!.leaders[partition]);
    const answers = await Promise.allSettled(
      [...byLeader].map(([leader, led]) => this.#line.produce(leader, this.#identity, led)),
    );
    // All have answered, so nothing is under way any more when the first failure is thrown.
    return answers.flatMap((answer) => {
      if (answer.status === "rejected") throw answer.reason;
      return answer.value.filter(({ error }) => error !== CODE.duplicateSequence);
    });
  }

  #nextBatch(load: Load): ProducePartition {
    const { topic, partition, records, limit } = load;
    const key = `${topic}/${partition}`;
    const sequence = this.#sequences.get(key) ?? 0;
    const { bytes, count } = encodeBatch(records, { start: load.sent, limit, identity: this.#identity, sequence });
    load.sent += count;
    this.#sequences.set(key, nextSequence(sequence, count));
    return { topic, partition, batch: bytes };
  }

  #sendMarkers(markers: readonly Marker[]): Promise<void>[] {
    return [...Map.groupBy(markers, ({ group }) => group)].map(([group, ofGroup]) => {
      const offsets = ofGroup.map(({ topic, partition, epoch }) => ({ topic, partition, offset: epoch }));
      return this.#patiently(() => this.#line.commitInTransaction(this.#identity, group, offsets));
    });
  }
}

/** Waits for all, so that nothing is under way any more when the first failure is thrown. */
async function settled(steps: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(steps)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/** The leaders of a topic's partitions, all of which must have one. */
export function leadersOf(
  topic: string,
  places: readonly { readonly leader: string | undefined }[] | undefined,
): string[] {
  if (places === undefined) {
    throw new KafkaError(`there is no topic "${topic}"`, { kind: "broker", code: CODE.unknownTopicOrPartition });
  }
  return places.map(({ leader }) => {
    if (leader === undefined) {
      throw new KafkaError(`a partition of "${topic}" has no leader`, {
        kind: "broker",
        code: CODE.leaderNotAvailable,
      });
    }
    return leader;
  });
}
