/**
 * A transactional producer: one life, one transaction after the other.
 *
 * Invariant: a committed transaction holds the first of the rows that it was given, each of them or its dead letter,
 * and the markers that say how many. Otherwise it is not committed. When the outcome is in doubt, `publish` rejects and
 * this life ends: its successor fences it and reads the markers.
 *
 * A transaction needs three round trips: add the partitions and the group of the markers; write records and markers;
 * commit. The requests of one round trip are sent together, but over one connection: a broker that verifies two
 * requests of a transaction at the same time refuses one of them. When the records are more than is written at once,
 * the second round trip is repeated for each piece. When the time runs out, it ends after the last piece written.
 *
 * @module
 */

import { pause } from "../../base/backoff.ts";
import type { TimerClock } from "../../base/clock.ts";
import { type OutputRecord, RefusedError } from "../connector.ts";
import type { Line, ProduceFailure, ProducerIdentity } from "./driver.ts";
import { brokerError, CODE, hasCode, KafkaError } from "./errors.ts";
import { PRODUCE_BYTES, REFUSED_STEP_LIMIT, RETRY_PAUSE } from "./limits.ts";
import { type Load, Loads, type ProducerTopic, type SentBatch, type Stretch, stretchOf } from "./loads.ts";
import type { Pace } from "./pace.ts";
import { reasonOf, type RefusedRow, ROW_REFUSED, worded } from "./refusals.ts";
import { patiently, settled } from "./steps.ts";

/** Codes of a refusal that may pass: the leader has moved or is being created, or replicas are out of sync or slow. */
const SENT_AGAIN: ReadonlySet<number> = new Set([
  CODE.unknownTopicOrPartition,
  CODE.leaderNotAvailable,
  CODE.notLeader,
  CODE.notEnoughReplicas,
  CODE.notEnoughReplicasAfterAppend,
  CODE.requestTimedOut,
]);

/** The marker of a task: the epoch that a transaction makes visible, written in the same transaction. */
export interface Marker {
  /** The group of the job's markers. */
  readonly group: string;
  /** The empty topic that has a partition for each task. */
  readonly topic: string;
  /** The task's number. */
  readonly partition: number;
  /** The last epoch whose results the transaction carries. */
  readonly epoch: number;
  /** The metadata of the marker's offset. */
  readonly note: string;
}

/** The rows and markers of a transaction, in order. */
export interface Flow {
  readonly rows: readonly OutputRecord[];
  /** The group of the markers; `undefined` when there are none. */
  readonly group: string | undefined;
  /** The markers after this many rows were written. `moved` are the rows whose dead letters were written instead. */
  markers(written: number, moved: readonly number[]): readonly Marker[];
  /** The record that replaces a row which is refused for good. Absent: the transaction is aborted. */
  readonly letter?: (row: OutputRecord, reason: string) => OutputRecord;
}

/** What a producer needs. */
export interface ProducerParts {
  readonly brokers: string;
  readonly clock: TimerClock;
  readonly pace: Pace;
  /** The number of the compression of its batches. */
  readonly codec: number;
  readonly describe: (topic: string) => Promise<ProducerTopic>;
  /** Called with the time for which the broker takes no more requests, in milliseconds. */
  readonly throttled: (ms: number) => void;
}

/** A transaction under way. */
interface Transaction {
  readonly flow: Flow;
  readonly began: number;
  /** `topic/partition` of all partitions that were added to it. */
  readonly added: Set<string>;
  /** Rows that were refused for good, and whose dead letters were written instead. */
  readonly moved: number[];
  /** A refused row for each topic that may not be written to. */
  readonly barred: Map<string, RefusedRow>;
}

/** A producer on a line of its own. After any error it cannot be used any more. */
export class TransactionalProducer {
  readonly #topics = new Map<string, ProducerTopic>();
  readonly #sequences = new Map<string, number>();
  /** Aborted when it is closed: the waits of a transaction under way end. */
  readonly #closing = new AbortController();
  #busy = false;
  #broken: Error | undefined;
  /** The time at which the transaction under way times out. */
  #until = Infinity;

  constructor(readonly line: Line, readonly identity: ProducerIdentity, readonly parts: ProducerParts) {}

  /**
   * Sends rows and markers in one transaction and commits it. Resolves with how many rows it holds: the first ones, as
   * many as its time allows, and at least one. Rejects when the outcome is in doubt.
   *
   * @throws {RefusedError} when a row is refused for good and nothing replaces it; the transaction is then aborted
   */
  async publish(flow: Flow): Promise<number> {
    const { clock, pace } = this.parts;
    return await this.#exclusively(async () => {
      const transaction: Transaction = { flow, began: clock.elapsed(), added: new Set(), moved: [], barred: new Map() };
      this.#until = transaction.began + pace.timeout;
      const { rows } = flow, most = pace.transaction;
      const planned = most === Infinity ? rows.length : stretchOf(rows, 0, rows.length, most).to;
      const { to: written, bytes } = await this.#write(transaction, planned);
      await this.line.endTransaction(this.identity, true);
      if (rows.length > 0) pace.ended(bytes, clock.elapsed() - transaction.began, written === planned);
      return written;
    });
  }

  /** Runs all steps of a transaction without a record, and aborts it. */
  async rehearse(
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
    markers: readonly Marker[],
  ): Promise<void> {
    await this.#exclusively(async () => {
      for (const { topic } of topics) await this.#learn(topic);
      const steps = [() => this.line.addOffsets(this.identity, markers[0].group)];
      if (topics.length > 0) steps.push(() => this.line.addPartitions(this.identity, topics));
      for (const step of steps) await this.#patiently(step);
      await this.#sendMarkers(markers);
      await this.line.endTransaction(this.identity, false);
    });
  }

  /** Closes its connections. */
  async close(): Promise<void> {
    this.#broken ??= new Error("Cannot publish: this producer is closed");
    this.#closing.abort();
    await this.line.close();
  }

  #patiently(step: () => Promise<void>): Promise<void> {
    return patiently({ clock: this.parts.clock, signal: this.#closing.signal }, step);
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#broken) throw this.#broken;
    if (this.#busy) throw new Error("Cannot publish: a transaction of this producer is under way");
    this.#busy = true;
    try {
      return await work();
    } catch (error) {
      this.#broken = worded(error, `publish results as "${this.identity.transactionalId}"`, this.parts.brokers);
      // Nothing will be committed. Aborts, since an open transaction holds readers back. A failure does not matter.
      if (this.#broken instanceof RefusedError) await this.line.endTransaction(this.identity, false).catch(() => {});
      throw this.#broken;
    } finally {
      this.#busy = false;
    }
  }

  /** Writes rows piece by piece, and the markers. Returns which rows are written. */
  async #write(transaction: Transaction, planned: number): Promise<Stretch> {
    const { flow: { rows }, began, moved } = transaction;
    const { pace } = this.parts;
    await this.#begin(transaction, planned);
    let written = 0, bytes = 0;
    let told = -1;
    while (written < planned) {
      const next = stretchOf(rows, written, planned, pace.piece);
      const { to } = next;
      const piece = this.#sendPiece(transaction, next);
      // The last piece and the markers go together, unless the markers must first count rows that are moved.
      const before = moved.length;
      const last = to === planned && transaction.barred.size === 0;
      await settled(last ? [piece, ...this.#markerSteps(transaction, to)] : [piece]);
      if (last && moved.length === before) told = to;
      written = to;
      bytes += next.bytes;
      if (!pace.hasTime(began)) break;
    }
    if (told !== written) await settled(this.#markerSteps(transaction, written));
    return { from: 0, to: written, bytes };
  }

  #markerSteps({ flow, moved }: Transaction, written: number): Promise<void>[] {
    const markers = flow.markers(written, moved);
    return markers.length === 0 ? [] : [this.#sendMarkers(markers)];
  }

  /** Adds the partitions and the group to the transaction. Nothing is written yet, so the request may be repeated. */
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
    const { group } = flow;
    const steps = group === undefined ? [] : [this.#patiently(() => this.line.addOffsets(this.identity, group))];
    if (topics.length > 0) steps.push(this.#add(transaction, topics));
    await settled(steps);
  }

  async #add(
    transaction: Transaction,
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  ): Promise<void> {
    try {
      await this.#patiently(() => this.line.addPartitions(this.identity, topics));
    } catch (error) {
      if (!hasCode(error, CODE.topicAuthorizationFailed) || transaction.flow.letter === undefined) throw error;
      // The request adds no topic when it must refuse one. Requests for single topics show which.
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

  /** Writes some of the rows, and dead letters in place of those that are refused for good. */
  async #sendPiece(transaction: Transaction, { from, to, bytes }: Stretch): Promise<void> {
    const { flow: { rows, letter }, barred, moved } = transaction;
    const { clock, pace } = this.parts;
    const began = clock.elapsed();
    const refused: RefusedRow[] = [];
    const loads = new Loads((topic) => this.#topics.get(topic)!, this.parts.codec);
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
    pace.wrote(bytes, clock.elapsed() - began);
  }

  async #sendLetters(transaction: Transaction, letters: readonly OutputRecord[]): Promise<void> {
    const loads = new Loads((topic) => this.#topics.get(topic)!, this.parts.codec);
    for (const [at, row] of letters.entries()) {
      const { topic, partition } = row;
      if (!this.#topics.has(topic)) await this.#learn(topic);
      if (!transaction.added.has(`${topic}/${partition}`)) {
        transaction.added.add(`${topic}/${partition}`);
        await this.#patiently(() => this.line.addPartitions(this.identity, [{ topic, partitions: [partition] }]));
      }
      const load = loads.of(topic, partition);
      if (load === undefined) throw this.#refusal(letters, [{ row: at, code: 3, said: undefined }]);
      load.add(row, at);
    }
    const refused = await this.#sendAll(loads.all);
    if (refused.length > 0) throw this.#refusal(letters, refused);
  }

  /** Sends one batch per partition in each round, until all are sent. Returns the rows that are refused for good. */
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
   * Sends batches until all are written or refused for good, and returns the refused ones. A batch whose refusal may
   * pass is sent again with the same sequence number, so it is written once. (Kafka 4 also answers `notEnoughReplicas`
   * while it cannot verify the transaction.)
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
      await pause(clock, RETRY_PAUSE.first, this.#closing.signal);
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
    // All brokers have answered, so no request is under way when the first failure is thrown.
    const failures = answers.flatMap((answer) => {
      if (answer.status === "rejected") throw answer.reason;
      throttle = Math.max(throttle, answer.value.throttle);
      return answer.value.failures.filter(({ error }) => error !== CODE.duplicateSequence);
    });
    if (throttle > 0) await this.#hold(throttle, batches);
    return failures;
  }

  /** Waits while the broker takes no more requests on this connection because of a quota. It is not dead. */
  async #hold(ms: number, batches: readonly SentBatch[]): Promise<void> {
    const { clock, pace, throttled } = this.parts;
    throttled(ms);
    if (clock.elapsed() + ms < this.#until) return await pause(clock, ms, this.#closing.signal);
    // The transaction would time out first. Its successor has another connection, and writes smaller pieces.
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
        return this.#patiently(() => this.line.commitInTransaction(this.identity, group, offsets));
      }),
    );
  }
}

function isOf(batch: SentBatch, { topic, partition }: ProduceFailure): boolean {
  return batch.topic === topic && batch.partition === partition;
}
