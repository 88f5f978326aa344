/**
 * A transactional producer: one life, one transaction after the other.
 *
 * Invariant: what a transaction holds when it is committed is the first of the rows that it was given, each of them or what stands
 * in for it, and the markers that say how many; or it is not committed. Whatever cannot be known for sure rejects, and ends this
 * life: its successor fences it and reads the marker.
 *
 * A transaction is three waits: (partitions and the markers' group are added) -> (records and markers are written) -> (it is
 * committed). What stands in parentheses is sent together, but over one connection: a broker that verifies two requests of a
 * transaction at the same time refuses one of them. Where the records are more than is written at once, the second wait is one for
 * each piece; and where the transaction's time runs out, it ends after the piece that was written last.
 *
 * @module
 */

import { pause } from "../../base/backoff.ts";
import type { TimerClock } from "../../base/clock.ts";
import { type OutputRecord, RefusedError } from "../connector.ts";
import type { Line, ProduceFailure, ProducerIdentity } from "./driver.ts";
import { brokerError, CODE, hasCode, KafkaError } from "./errors.ts";
import { PRODUCE_BYTES, REFUSED_STEP_LIMIT, RETRY_PAUSE } from "./limits.ts";
import { endOf, type Load, Loads, type ProducerTopic, type SentBatch, sizeOf } from "./loads.ts";
import type { Pace } from "./pace.ts";
import { reasonOf, type RefusedRow, ROW_REFUSED, worded } from "./refusals.ts";
import { patiently, settled } from "./steps.ts";

/** Refused for the moment: the leader has moved or is just being made, or too few replicas are in sync or took too long. */
const SENT_AGAIN: ReadonlySet<number> = new Set([
  CODE.unknownTopicOrPartition,
  CODE.leaderNotAvailable,
  CODE.notLeader,
  CODE.notEnoughReplicas,
  CODE.notEnoughReplicasAfterAppend,
  CODE.requestTimedOut,
]);

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
  /** What else there is to say. */
  readonly note: string;
}

/** What a transaction is to hold, in order. */
export interface Flow {
  readonly rows: readonly OutputRecord[];
  /** The group of the markers. */
  readonly group: string;
  /** The markers when so many of the rows are written, of which these were moved out of the way. */
  markers(written: number, moved: readonly number[]): readonly Marker[];
  /** What is written in the place of a row that is refused for good; absent: the transaction is aborted. */
  readonly letter?: (row: OutputRecord, reason: string) => OutputRecord;
}

/** What a producer works with. */
export interface ProducerParts {
  readonly brokers: string;
  readonly clock: TimerClock;
  readonly pace: Pace;
  readonly describe: (topic: string) => Promise<ProducerTopic>;
  /** Told for how long the broker wants nothing more, in milliseconds. */
  readonly throttled: (ms: number) => void;
}

/** A transaction under way. */
interface Transaction {
  readonly flow: Flow;
  readonly began: number;
  /** `topic/partition` of all that was added to it. */
  readonly added: Set<string>;
  /** Rows that were moved out of the way. */
  readonly moved: number[];
  /** Rows of topics that may not be written to. */
  readonly barred: Map<string, RefusedRow>;
}

/** A producer on a line of its own. After any error it is of no use. */
export class TransactionalProducer {
  readonly #topics = new Map<string, ProducerTopic>();
  readonly #sequences = new Map<string, number>();
  #busy = false;
  #broken: Error | undefined;
  /** When the transaction under way is over, whatever has become of it. */
  #until = Infinity;

  constructor(readonly line: Line, readonly identity: ProducerIdentity, readonly parts: ProducerParts) {}

  /**
   * Sends rows and markers in one transaction and commits it. Resolves with how many of the rows it holds: the first ones, as many as
   * its time allows, and at least one. Rejects on any doubt about its outcome.
   *
   * @throws {RefusedError} when a row is refused for good and nothing stands in for it; the transaction is aborted then
   */
  async publish(flow: Flow): Promise<number> {
    const { clock, pace } = this.parts;
    return await this.#exclusively(async () => {
      const transaction: Transaction = {
        flow,
        began: clock.elapsed(),
        added: new Set(),
        moved: [],
        barred: new Map(),
      };
      this.#until = transaction.began + pace.timeout;
      const planned = endOf(flow.rows, 0, pace.transaction);
      const written = await this.#write(transaction, planned);
      await this.line.endTransaction(this.identity, true);
      if (flow.rows.length > 0) {
        const bytes = sizeOf(flow.rows, 0, written);
        pace.ended(bytes, clock.elapsed() - transaction.began, written === planned);
      }
      return written;
    });
  }

  /** Does all that a transaction needs, without a record, and takes it back. */
  async rehearse(
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
    markers: readonly Marker[],
  ): Promise<void> {
    await this.#exclusively(async () => {
      for (const { topic } of topics) await this.#learn(topic);
      const steps = [() => this.line.addOffsets(this.identity, markers[0].group)];
      if (topics.length > 0) steps.push(() => this.line.addPartitions(this.identity, topics));
      for (const step of steps) await patiently(this.parts.clock, step);
      await this.#sendMarkers(markers);
      await this.line.endTransaction(this.identity, false);
    });
  }

  /** Lets go of its connections. */
  async close(): Promise<void> {
    this.#broken ??= new Error("Cannot publish: this producer is closed");
    await this.line.close();
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#broken) throw this.#broken;
    if (this.#busy) throw new Error("Cannot publish: a transaction of this producer is under way");
    this.#busy = true;
    try {
      return await work();
    } catch (error) {
      this.#broken = worded(error, `publish results as "${this.identity.transactionalId}"`, this.parts.brokers);
      // It is known that it cannot be committed; left open it would hold readers back. Where it may be open is no matter.
      if (this.#broken instanceof RefusedError) await this.line.endTransaction(this.identity, false).catch(() => {});
      throw this.#broken;
    } finally {
      this.#busy = false;
    }
  }

  /** Writes rows piece by piece, and the markers. Returns how many rows are written. */
  async #write(transaction: Transaction, planned: number): Promise<number> {
    const { flow: { rows }, began, moved } = transaction;
    const { pace } = this.parts;
    await this.#begin(transaction, planned);
    let written = 0;
    let told = -1;
    while (written < planned) {
      const to = Math.min(planned, endOf(rows, written, pace.piece));
      const piece = this.#sendPiece(transaction, written, to);
      // The last piece and the markers go together, unless the markers have to tell of rows that were moved.
      const before = moved.length;
      const last = to === planned && transaction.barred.size === 0;
      await settled(last ? [piece, ...this.#markerSteps(transaction, to)] : [piece]);
      if (last && moved.length === before) told = to;
      written = to;
      if (!pace.hasTime(began)) break;
    }
    if (told !== written) await settled(this.#markerSteps(transaction, written));
    return written;
  }

  #markerSteps({ flow, moved }: Transaction, written: number): Promise<void>[] {
    const markers = flow.markers(written, moved);
    return markers.length === 0 ? [] : [this.#sendMarkers(markers)];
  }

  /** Tells the coordinator what the transaction will touch. Nothing is written yet, so it may be asked again. */
  async #begin(transaction: Transaction, planned: number): Promise<void> {
    const { flow } = transaction;
    const wanted = new Map<string, Set<number>>();
    for (let at = 0; at < planned; at++) {
      const { topic, partition } = flow.rows[at];
      let partitions = wanted.get(topic);
      if (partitions === undefined) {
        wanted.set(topic, partitions = new Set());
        if (!this.#topics.has(topic)) await this.#learn(topic);
      }
      partitions.add(partition);
    }
    const topics: { topic: string; partitions: number[] }[] = [];
    for (const [topic, partitions] of wanted) {
      if ([...partitions].some((one) => one >= this.#topics.get(topic)!.leaders.length)) await this.#learn(topic);
      const there = [...partitions].filter((one) => one < this.#topics.get(topic)!.leaders.length);
      if (there.length > 0) topics.push({ topic, partitions: there });
    }
    const steps = [patiently(this.parts.clock, () => this.line.addOffsets(this.identity, flow.group))];
    if (topics.length > 0) steps.push(this.#add(transaction, topics));
    await settled(steps);
  }

  async #add(
    transaction: Transaction,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void> {
    try {
      await patiently(this.parts.clock, () => this.line.addPartitions(this.identity, topics));
    } catch (error) {
      if (!hasCode(error, CODE.topicAuthorizationFailed) || transaction.flow.letter === undefined) throw error;
      // None was added, for want of another one: topic by topic shows which.
      if (topics.length > 1) {
        for (const topic of topics) await this.#add(transaction, [topic]);
        return;
      }
      const { said } = error as KafkaError;
      transaction.barred.set(topics[0].topic, { row: -1, code: CODE.topicAuthorizationFailed, said });
    }
    for (const { topic, partitions } of topics) {
      for (const partition of partitions) transaction.added.add(`${topic}/${partition}`);
    }
  }

  async #learn(topic: string): Promise<ProducerTopic> {
    const known = await this.parts.describe(topic);
    this.#topics.set(topic, known);
    return known;
  }

  /** Writes some of the rows, and letters in the place of those that are refused for good. */
  async #sendPiece(transaction: Transaction, from: number, to: number): Promise<void> {
    const { flow: { rows, letter }, barred, moved } = transaction;
    const { clock, pace } = this.parts;
    const began = clock.elapsed();
    const refused: RefusedRow[] = [];
    const loads = new Loads((topic) => this.#topics.get(topic)!);
    for (let at = from; at < to; at++) {
      const { topic, partition } = rows[at];
      const bar = barred.size === 0 ? undefined : barred.get(topic);
      if (bar !== undefined) refused.push({ ...bar, row: at });
      else {
        const load = loads.of(topic, partition);
        if (load === undefined) refused.push({ row: at, code: CODE.unknownTopicOrPartition, said: undefined });
        else load.add(rows[at], at);
      }
    }
    refused.push(...await this.#sendAll(loads.all));
    if (refused.length > 0) {
      if (letter === undefined) throw this.#refusal(rows, refused);
      await this.#sendLetters(transaction, refused.map((one) => letter(rows[one.row], this.#reason(rows, one))));
      for (const { row } of refused) moved.push(row);
    }
    pace.wrote(sizeOf(rows, from, to), clock.elapsed() - began);
  }

  async #sendLetters(transaction: Transaction, letters: readonly OutputRecord[]): Promise<void> {
    const loads = new Loads((topic) => this.#topics.get(topic)!);
    for (const [at, row] of letters.entries()) {
      const { topic, partition } = row;
      if (!this.#topics.has(topic)) await this.#learn(topic);
      if (!transaction.added.has(`${topic}/${partition}`)) {
        transaction.added.add(`${topic}/${partition}`);
        await patiently(
          this.parts.clock,
          () => this.line.addPartitions(this.identity, [{ topic, partitions: [partition] }]),
        );
      }
      const load = loads.of(topic, partition);
      if (load === undefined) throw this.#refusal(letters, [{ row: at, code: 3, said: undefined }]);
      load.add(row, at);
    }
    const refused = await this.#sendAll(loads.all);
    if (refused.length > 0) throw this.#refusal(letters, refused);
  }

  /** A batch a partition and round, until all is sent. Returns the rows that are refused for good. */
  async #sendAll(loads: readonly Load[]): Promise<RefusedRow[]> {
    const refused: RefusedRow[] = [];
    let left = loads;
    while (left.length > 0) {
      const batches: SentBatch[] = [];
      let bytes = 0;
      for (const load of left) {
        if (bytes >= PRODUCE_BYTES) break;
        const batch = load.next(this.identity, this.#sequences);
        batches.push(batch);
        bytes += batch.batch.length;
      }
      for (const [batch, failure] of await this.#writeBatches(batches)) {
        refused.push(...batch.load.refuse(batch, failure, this.#sequences));
      }
      left = left.filter(({ done }) => !done);
    }
    return refused;
  }

  /**
   * Sends batches until all are written or refused for good; returns the latter. What a broker refuses for the moment is sent again
   * with its old sequence number, so it is written once. (Kafka 4 answers with `notEnoughReplicas` also while it cannot verify the
   * transaction just now.)
   */
  async #writeBatches(batches: readonly SentBatch[]): Promise<Map<SentBatch, ProduceFailure>> {
    const { clock } = this.parts;
    const deadline = clock.elapsed() + REFUSED_STEP_LIMIT;
    const refused = new Map<SentBatch, ProduceFailure>();
    let left = batches;
    for (;;) {
      const failures = await this.#writeOnce(left);
      const again: SentBatch[] = [];
      for (const batch of left) {
        const failure = failures.length === 0 ? undefined : failures.find((one) => isOf(batch, one));
        if (failure === undefined) batch.load.wrote();
        else if (ROW_REFUSED.has(failure.error)) refused.set(batch, failure);
        else if (SENT_AGAIN.has(failure.error) && clock.elapsed() < deadline) again.push(batch);
        else {
          const { topic, partition, error, said } = failure;
          throw brokerError(error, `records for "${topic}" partition ${partition}`, said);
        }
      }
      if (again.length === 0) return refused;
      await pause(clock, RETRY_PAUSE.first);
      for (const topic of new Set(again.map((batch) => batch.topic))) await this.#learn(topic);
      left = again.filter((batch) => {
        const { topic, partition } = batch;
        if (this.#topics.get(topic)!.leaders[partition] !== undefined) return true;
        refused.set(batch, { topic, partition, error: CODE.unknownTopicOrPartition, records: [], said: undefined });
        return false;
      });
      if (left.length === 0) return refused;
    }
  }

  async #writeOnce(batches: readonly SentBatch[]): Promise<readonly ProduceFailure[]> {
    const byLeader = Map.groupBy(batches, ({ topic, partition }) => this.#topics.get(topic)!.leaders[partition]);
    const answers = await Promise.allSettled(
      [...byLeader].map(([leader, led]) => this.line.produce(leader, this.identity, led)),
    );
    let throttle = 0;
    // All have answered, so nothing is under way any more when the first failure is thrown.
    const failures = answers.flatMap((answer) => {
      if (answer.status === "rejected") throw answer.reason;
      throttle = Math.max(throttle, answer.value.throttle);
      return answer.value.failures.filter(({ error }) => error !== CODE.duplicateSequence);
    });
    if (throttle > 0) await this.#hold(throttle, batches);
    return failures;
  }

  /** The broker reads nothing more of this connection until then, and is not dead. */
  async #hold(ms: number, batches: readonly SentBatch[]): Promise<void> {
    const { clock, pace, throttled } = this.parts;
    throttled(ms);
    if (clock.elapsed() + ms < this.#until) return await pause(clock, ms);
    // The transaction is over by then. Its successor has another connection, and writes less at once.
    pace.wrote(batches.reduce((bytes, { batch }) => bytes + batch.length, 0), ms);
    throw new KafkaError(
      `a quota of this client is used up, and Kafka holds results back for ${ms} ms, which is longer than a transaction may take`,
      { kind: "connection", answered: true },
    );
  }

  #refusal(rows: readonly OutputRecord[], refused: readonly RefusedRow[]): RefusedError {
    const [first] = refused;
    const { topic, partition } = rows[first.row];
    const what = refused.length === 1 ? "a result" : `${refused.length} results, the first of them`;
    const reason = this.#reason(rows, first);
    return new RefusedError(`${what} for topic "${topic}" partition ${partition} can never be published: ${reason}`);
  }

  #reason(rows: readonly OutputRecord[], refused: RefusedRow): string {
    const { topic } = rows[refused.row];
    return reasonOf(refused, { topic, partitions: this.#topics.get(topic)!.leaders.length }, this.parts.brokers);
  }

  async #sendMarkers(markers: readonly Marker[]): Promise<void> {
    await settled(
      [...Map.groupBy(markers, ({ group }) => group)].map(([group, ofGroup]) => {
        const offsets = ofGroup.map(({ topic, partition, epoch, note }) => ({ topic, partition, offset: epoch, note }));
        return patiently(this.parts.clock, () => this.line.commitInTransaction(this.identity, group, offsets));
      }),
    );
  }
}

function isOf(batch: SentBatch, { topic, partition }: ProduceFailure): boolean {
  return batch.topic === topic && batch.partition === partition;
}
