/**
 * @module
 */
import type { RecordCodec } from "../connectors/codec.ts";
import { type KvTableKeyPart, tableName } from "../connectors/kv_table.ts";
import { rest, systemClock } from "../base/clock.ts";
import type { Explanation, JobDetails } from "../runtime/details.ts";
import type { StateView } from "../runtime/job.ts";
import type { MetricsSnapshot } from "../runtime/metrics.ts";
import type { Topology } from "../runtime/topology.ts";
import { type JobOptions, Life, type Pipelines } from "./_life.ts";
import { readable, type TestRecord } from "./_records.ts";
import { rowOf, type TestRow } from "./_tables.ts";
import { type Partitions, type PushedRecord, World } from "./_world.ts";

/** Options of {@linkcode testPipeline}. */
export interface TestPipelineOptions extends JobOptions {
  /** How many partitions topics have: a number for all of them, or numbers by topic. @default 1 */
  readonly partitions?: Partitions;
  /**
   * The time at the start, in milliseconds since 1970. A record that is pushed without a timestamp gets the current
   * time of the test.
   *
   * @default the present time
   */
  readonly start?: number;
}

/** Options of {@linkcode TestPipeline.results}. */
export interface ReadOptions<T> {
  /** How bytes become values. @default JSON; a value that is not JSON is returned as text */
  readonly codec?: RecordCodec<T>;
}

/** A pipeline under test. Made by {@linkcode testPipeline}. */
export class TestPipeline implements AsyncDisposable {
  /** The last call. Calls run one after the other, in their order. */
  #last: Promise<void> = Promise.resolve();
  /** Whether a call has already thrown the error that stopped the job. */
  #told = false;
  readonly #sources: readonly string[];
  readonly #sinks: readonly string[];

  /** Use {@linkcode testPipeline}. */
  constructor(private readonly world: World, private readonly life: Life) {
    const { sources, sinks } = life.job.topology;
    this.#sources = [...new Set(sources.map(({ topic }) => topic))];
    this.#sinks = [...new Set(sinks.map(({ topic }) => topic))];
  }

  /** What the pipelines read, keep and write, and how their stages are connected. */
  get topology(): Topology {
    return this.life.job.topology;
  }

  /**
   * Pushes records, in this order. Resolves when they are completely processed and committed. Each push is one epoch.
   * Where an asynchronous stage waits for answers, they are awaited, and their results are an epoch of their own; an
   * answer that needs time to pass needs `advance` before the push is awaited.
   *
   * @param topic a topic that the pipeline reads
   * @param records one record or several
   * @throws {RangeError} when the pipeline does not read the topic, a partition does not exist or a timestamp is not a
   * safe integer
   * @throws {Error} when the input has ended, or when the job has stopped with an error
   */
  async push(topic: string, records: PushedRecord | Iterable<PushedRecord>): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#sources.includes(topic)) {
        throw new RangeError(`Cannot push to "${topic}": the pipeline reads ${quoted(this.#sources)}`);
      }
      if (this.world.ended) throw new Error(`Cannot push to "${topic}": the input has ended`);
      this.world.append(topic, Symbol.iterator in records ? records : [records]);
      await this.life.commit();
    });
    await this.#answered();
  }

  /**
   * Moves the wall clock forward without waiting. `idleAfter` uses this clock. Resolves when all effects are processed
   * and committed, without waiting for the answers that an asynchronous stage waits for.
   *
   * @param ms how long, in milliseconds
   * @throws {RangeError} when `ms` is negative or not a safe integer
   * @throws {Error} when the job has stopped with an error
   */
  advance(ms: number): Promise<void> {
    return this.#inTurn(async () => {
      if (!(Number.isSafeInteger(ms) && ms >= 0)) {
        throw new RangeError(`Cannot advance the time: ms must be an integer of at least 0, current value is ${ms}`);
      }
      await this.life.clock.advance(ms);
      await this.life.commit();
    });
  }

  /**
   * Ends the input: the watermark becomes the end of time, open windows fire, and the job finishes. Its results can
   * still be read.
   *
   * @throws {Error} when the job has stopped with an error
   */
  async end(): Promise<void> {
    await this.#inTurn(async () => {
      this.world.ended = true;
      await this.life.commit();
    });
    await this.#answered();
  }

  /**
   * The values of a topic that the pipeline writes, in the order in which they came: results, late records or dead letters; `null`
   * for tombstones.
   *
   * @throws {RangeError} when the pipeline does not write the topic
   */
  results<T = unknown>(topic: string, options?: ReadOptions<T>): T[] {
    return this.records<T>(topic, options).map(({ value }) => value);
  }

  /**
   * The same with key, partition, event time and headers.
   *
   * @throws {RangeError} when the pipeline does not write the topic
   */
  records<T = unknown>(topic: string, { codec }: ReadOptions<T> = {}): TestRecord<T>[] {
    this.#assertWrites(topic);
    return this.world.records(topic).map((record) => readable(record, codec) as TestRecord<T>);
  }

  /**
   * The rows of a table that the pipeline writes with `kvTable(prefix)`, in the order of their keys.
   *
   * @param prefix the prefix of the table
   * @throws {RangeError} when the pipeline does not write the table
   */
  async table<T = unknown>(prefix: readonly KvTableKeyPart[]): Promise<TestRow<T>[]> {
    this.#assertWrites(tableName(prefix));
    const entries = await this.world.entries(prefix);
    return entries.map((entry) => rowOf(entry, prefix.length) as TestRow<T>);
  }

  #assertWrites(sink: string): void {
    if (this.#sinks.includes(sink)) return;
    throw new RangeError(`Cannot read the results of "${sink}": the pipeline writes ${quoted(this.#sinks)}`);
  }

  /** The lowest watermark of the job's tasks, in milliseconds since 1970; `undefined` before there is one. */
  get watermark(): number | undefined {
    return this.metrics.watermark;
  }

  /** The current time of the test, in milliseconds since 1970. */
  get now(): number {
    return this.life.clock.now();
  }

  /** The metrics of the job: records read, late records, dead letters, epochs. */
  get metrics(): MetricsSnapshot {
    return this.life.job.metrics.snapshot();
  }

  /** The details of the job: see `details()` of a job. */
  details(): Promise<JobDetails> {
    return this.life.job.details();
  }

  /**
   * Why results have not come: see `explain()` of a job.
   *
   * @param stage the name of a stage. @default all of them
   */
  explain(stage?: string): Promise<readonly Explanation[]> {
    return this.life.job.explain(stage);
  }

  /** A view of the state of a stage. Throws a `RangeError` for a name that no stage has. */
  state(name: string): StateView {
    return this.life.job.state(name);
  }

  /** Stops the job. Rejects with the error that stopped the job earlier, if no call has thrown it yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    if (this.life.failure === undefined) await this.life.job.stop();
    await rest();
    if (!this.#told) this.#throwFailure();
  }

  /** Waits for the answers that asynchronous stages wait for, and commits their results. Other calls go on meanwhile. */
  async #answered(): Promise<void> {
    while (this.life.held > 0) {
      await this.life.released();
      await this.#inTurn(() => this.life.commit());
    }
    this.#throwFailure();
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      this.#throwFailure();
      await act();
      this.#throwFailure();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  #throwFailure(): void {
    if (this.life.failure === undefined) return;
    this.#told = true;
    throw this.life.failure;
  }
}

function quoted(topics: readonly string[]): string {
  return topics.map((topic) => JSON.stringify(topic)).join(", ") || "none";
}

/**
 * Runs pipelines as `run()` does, on topics and state in memory, with a clock that only the test moves: no broker, no
 * waiting. The pipeline is the one that runs in production, unchanged. Its sources and sinks may name any broker, but
 * nothing connects to it. Planning, checks, tasks, epochs and dead letters are the engine's own, so a pipeline that is
 * built wrongly fails here with the same message.
 *
 * @param pipelines one pipeline or several that share their sources
 * @param options partitions, time, and options of `run()`
 * @returns the job under test, once it has started
 * @throws {TypeError} when the pipelines are built wrongly or the options are invalid; the message names the stage and
 * the cure
 *
 * @example A window, a late record, and a clock that the test moves
 * ```ts
 * import { map } from "rxjs";
 * import { count, eventTime, lateSideOutput, minutes, tumblingWindow, watermark } from "@tidemark/streams";
 * import { kafka } from "@tidemark/streams/kafka";
 * import { testPipeline } from "@tidemark/streams/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const broker = kafka({ brokers: ["localhost:9092"] });
 * const activity = broker.source<{ user: string; at: number }>("events").pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0, idleAfter: minutes(1) }),
 *   tumblingWindow({ name: "activity", key: (event) => event.user, size: minutes(1), aggregate: count() }),
 *   lateSideOutput((late) => late.pipe(broker.sink("late"))),
 *   map(({ key, value }) => ({ user: key, events: value })),
 *   broker.sink("activity", { key: (row) => row.user }),
 * );
 *
 * await using test = await testPipeline(activity);
 * await test.push("events", [{ value: { user: "ada", at: 1_000 } }, { value: { user: "ada", at: 2_000 } }]);
 * assertEquals(test.results("activity"), []);
 * assertEquals(test.watermark, 1_999);
 *
 * await test.advance(minutes(3));
 * assertEquals(test.results("activity"), [{ user: "ada", events: 2 }]);
 *
 * await test.push("events", { value: { user: "bob", at: 3_000 } });
 * assertEquals(test.results("late"), [{ user: "bob", at: 3_000 }]);
 * ```
 */
export async function testPipeline(
  pipelines: Pipelines,
  options: TestPipelineOptions = {},
): Promise<TestPipeline> {
  const { partitions = 1, start = systemClock.now(), ...job } = options;
  if (!Number.isSafeInteger(start)) {
    throw new RangeError(
      `Cannot test the pipeline: start must be an integer of milliseconds, current value is ${start}`,
    );
  }
  // The world is created before `life`, which has the clock. No record comes before both exist.
  const world = new World(partitions, () => life.clock.now());
  const life = await Life.begin(world, pipelines, job, start);
  return new TestPipeline(world, life);
}
