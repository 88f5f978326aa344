/**
 * @module
 */
import type { RecordCodec } from "../connectors/codec.ts";
import { rest, systemClock } from "../base/clock.ts";
import type { StateView } from "../runtime/job.ts";
import type { MetricsSnapshot } from "../runtime/metrics.ts";
import { type JobOptions, Life, type Pipelines } from "./_life.ts";
import { readable, type TestRecord } from "./_records.ts";
import { type Partitions, type PushedRecord, World } from "./_world.ts";

/** Options of {@linkcode testPipeline}. */
export interface TestPipelineOptions extends JobOptions {
  /** How many partitions topics have: a number for all of them, or numbers by topic. @default 1 */
  readonly partitions?: Partitions;
  /**
   * What the time is at first, in milliseconds since 1970. A record that is pushed without a timestamp gets the time of the test.
   *
   * @default the present time
   */
  readonly start?: number;
}

/** How {@linkcode TestPipeline.results} reads. */
export interface ReadOptions<T> {
  /** How bytes become values. @default JSON; what is no JSON comes as text */
  readonly codec?: RecordCodec<T>;
}

/** A pipeline under test. Made by {@linkcode testPipeline}. */
export class TestPipeline implements AsyncDisposable {
  /** What was asked for last: everything is done in the order in which it was asked for. */
  #last: Promise<void> = Promise.resolve();
  /** A call has told why the job stopped. */
  #told = false;
  readonly #sources: readonly string[];
  readonly #sinks: readonly string[];

  /** Use {@linkcode testPipeline}. */
  constructor(private readonly world: World, private readonly life: Life) {
    const { sources, sinks } = life.job.topology;
    this.#sources = [...new Set(sources.map(({ topic }) => topic))];
    this.#sinks = [...new Set(sinks.map(({ topic }) => topic))];
  }

  /**
   * Pushes records, in this order. Resolves when all that they cause has happened and is committed: each push is one epoch.
   *
   * @param topic a topic that the pipeline reads
   * @param records one record or several
   * @throws {RangeError} If the pipeline reads no such topic, a partition does not exist or a timestamp is no safe integer.
   * @throws {Error} If the input has ended; or what stopped the job.
   */
  push(topic: string, records: PushedRecord | Iterable<PushedRecord>): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#sources.includes(topic)) {
        throw new RangeError(`Cannot push to "${topic}": the pipeline reads ${quoted(this.#sources)}`);
      }
      if (this.world.ended) throw new Error(`Cannot push to "${topic}": the input has ended`);
      this.world.append(topic, Symbol.iterator in records ? records : [records]);
      await this.life.commit();
    });
  }

  /**
   * Lets wall-clock time pass, without waiting: `idleAfter` goes by it. Resolves when all that it causes has happened and is
   * committed.
   *
   * @param ms how long, in milliseconds
   * @throws {RangeError} If `ms` is negative or no safe integer.
   * @throws {Error} What stopped the job.
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
   * Ends the input for good: the watermark becomes the end of time, open windows fire, and the job is finished. What it has
   * written can still be read.
   *
   * @throws {Error} What stopped the job.
   */
  end(): Promise<void> {
    return this.#inTurn(async () => {
      this.world.ended = true;
      await this.life.commit();
    });
  }

  /**
   * The values of a topic that the pipeline writes, in the order in which they came: results, late records or dead letters; `null`
   * for tombstones.
   *
   * @throws {RangeError} If the pipeline writes no such topic.
   */
  results<T = unknown>(topic: string, options?: ReadOptions<T>): T[] {
    return this.records<T>(topic, options).map(({ value }) => value);
  }

  /**
   * The same with key, partition, event time and headers.
   *
   * @throws {RangeError} If the pipeline writes no such topic.
   */
  records<T = unknown>(topic: string, { codec }: ReadOptions<T> = {}): TestRecord<T>[] {
    if (!this.#sinks.includes(topic)) {
      throw new RangeError(`Cannot read the results of "${topic}": the pipeline writes ${quoted(this.#sinks)}`);
    }
    return this.world.records(topic).map((record) => readable(record, codec) as TestRecord<T>);
  }

  /** The lowest watermark of the job's tasks in milliseconds since 1970, `undefined` before there is one. */
  get watermark(): number | undefined {
    return this.metrics.watermark;
  }

  /** What the time is in the test, in milliseconds since 1970. */
  get now(): number {
    return this.life.clock.now();
  }

  /** What the job has done: records read, late ones, dead letters, epochs. */
  get metrics(): MetricsSnapshot {
    return this.life.job.metrics.snapshot();
  }

  /** A look into the state of a stage. Throws a `RangeError` for a name that no stage has. */
  state(name: string): StateView {
    return this.life.job.state(name);
  }

  /** Stops the job. Rejects with what stopped it before, where no call has told of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    if (this.life.failure === undefined) await this.life.job.stop();
    await rest();
    if (!this.#told) this.#throwFailure();
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
 * Runs pipelines as `run()` does, on topics and state in memory and on time that passes only when the test says so: no broker, no
 * waiting. The pipeline is the one that runs in production, unchanged: whatever broker its sources and sinks name, nothing is
 * connected. Planning, guards, tasks, epochs and dead letters are the engine's own, so what is put together wrongly is refused here
 * in the same words.
 *
 * @param pipelines one pipeline or several that share their sources
 * @param options partitions, time, and what `run()` would be given
 * @returns the job under test, once it has started
 * @throws {TypeError} when the pipelines or the options are put together wrongly; the message names the stage and the cure
 *
 * @example A window, a late record, and time that passes
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
  // The world is there before the clock of the job's life: by the time that a record comes, both are.
  const world = new World(partitions, () => life.clock.now());
  const life = await Life.begin(world, pipelines, job, start);
  return new TestPipeline(world, life);
}
