/**
 * @module
 */
import { systemClock } from "../base/clock.ts";
import { differenceIn, lastDifferenceIn } from "./_compare.ts";
import { calm, checkInput, type Crashes, type Moment, type Outcome, runOnce, type Subject } from "./_crash_runs.ts";
import { type EpochCut, evenCut, randomCut, wholeCut } from "./_cuts.ts";
import { type JobOptions, Life, type Pipelines } from "./_life.ts";
import { type Partitions, type PushedRecord, World } from "./_world.ts";
import { crashTestError } from "./crash_test_error.ts";
import { LONE_CRASHES } from "./limits.ts";

/** A record of the input of a {@linkcode crashTest}. */
export interface CrashTestRecord extends PushedRecord {
  /** Where it is pushed. @default the only topic that the pipeline reads */
  readonly topic?: string;
}

/** Options of {@linkcode crashTest}. */
export interface CrashTestOptions extends JobOptions {
  /** How many partitions topics have: a number for all of them, or numbers by topic. @default 1 */
  readonly partitions?: Partitions;
  /**
   * Lengths of epochs to try, in records. One epoch for the whole input and random lengths are always tried too.
   * @default [1, 2, 3]
   */
  readonly epochs?: readonly number[];
  /** The seed of the random lengths. @default 1 */
  readonly seed?: number;
  /**
   * The time in all runs, in milliseconds since 1970. Records without a timestamp get this time.
   *
   * @default the present time
   */
  readonly start?: number;
  /** Whether the input ends, so that open windows fire and are compared. @default true */
  readonly ends?: boolean;
}

/** The report of a {@linkcode crashTest} that found no difference. */
export interface CrashTestReport {
  /** How often the input was run through the pipeline. */
  readonly runs: number;
  /** How many processes crashed in these runs. */
  readonly crashes: number;
  /** How many results each run had, over all topics. */
  readonly results: number;
}

/** A pattern of crashes, and its name in messages. */
interface Trial {
  readonly crash: string;
  readonly crashes: Crashes;
}

/**
 * Runs pipelines over an input, first without a crash, and then with a crash at every epoch boundary, for several ways
 * to cut the input into epochs. It crashes before the commit, so that records are processed again, and after it. Each
 * time the job goes on from its checkpoint, as after `kill -9`. Throws at the first result that differs. Then some
 * state is in no checkpoint (a `scan` between two stages, a `Map` in a closure), or the results depend on randomness.
 * For each cut, one run crashes at all boundaries. Runs with a single crash are made for up to 32 boundaries; if there
 * are more, those tested are spread over the input.
 *
 * It compares the results of each topic and, if there is one task, their order for each key; of a `kvTable` it compares
 * the rows that are there at the end. The results of some topics
 * depend on where epochs are cut even without a crash, as those of `keyedReduce({ emit: "latest" })` do by design. For
 * such topics it compares only the last value of each key. The clock does not move, so nothing becomes idle. Answers that
 * an asynchronous stage still waits for at the end of the input are awaited. If they take longer than a moment, the clock
 * goes with real time, so that `asyncMap` calls again after a failure; let its first pause be short.
 *
 * A `Map` in a closure survives a simulated crash, because the process lives on. The test finds it by the records that
 * are processed again. If a function makes the pipelines, each simulated process calls it again, so that state in its
 * closures is lost as in a real crash.
 *
 * @param pipelines one pipeline or several, or a function that makes them for each process
 * @param input records, in the order in which they come
 * @param options partitions, epochs, and options of `run()`
 * @returns how many runs and crashes were tried
 * @throws {CrashTestError} when a result differs; the error names topic, index, cut, crash and the probable cause
 * @throws {RangeError} when a record names no topic that the pipeline reads
 * @throws {TypeError} when the pipelines are built wrongly, as `run()` does
 *
 * @example A scan between two stages
 * ```ts
 * import { scan } from "rxjs";
 * import { keyedReduce, memory } from "@tidemark/streams";
 * import { crashTest, CrashTestError } from "@tidemark/streams/testing";
 * import { assertRejects } from "@std/assert";
 *
 * const broker = memory();
 * const clicks = ["ada", "bob", "ada"].map((user) => ({ value: user, key: user }));
 *
 * const right = broker.source<string>("clicks").pipe(
 *   keyedReduce({ name: "totals", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
 *   broker.sink("totals", { key: ({ key }) => key }),
 * );
 * await crashTest(right, clicks);
 *
 * const wrong = broker.source<string>("clicks").pipe(
 *   scan((total) => total + 1, 0),
 *   broker.sink("totals"),
 * );
 * await assertRejects(() => crashTest(wrong, clicks), CrashTestError, "such as scan");
 * ```
 */
export async function crashTest(
  pipelines: Pipelines | (() => Pipelines),
  input: readonly CrashTestRecord[],
  options: CrashTestOptions = {},
): Promise<CrashTestReport> {
  const { partitions = 1, epochs = [1, 2, 3], seed = 1, ends = true, start = systemClock.now(), ...job } = options;
  for (const length of epochs) {
    if (Number.isSafeInteger(length) && length > 0) continue;
    throw new RangeError(`Cannot run the crash test: epochs must be integers above 0, current value is ${length}`);
  }
  const make = typeof pipelines === "function" ? pipelines : () => pipelines;
  const search = new Search({ pipelines: make, input, job, partitions, ends, start });
  await search.begin();
  const cuts = [...epochs.map((length) => evenCut(input.length, length)), randomCut(input.length, seed)]
    .filter(({ lengths }) => lengths.length > 0);
  for (const cut of cuts) await search.withoutCrash(cut);
  for (const cut of [...cuts, search.whole]) await search.withCrashes(cut);
  return search.report;
}

/** Runs the pipelines several times, and compares each run with the first. */
class Search {
  readonly whole: EpochCut;
  /** Topics for which only the last value of each key is guaranteed. */
  readonly #upserts = new Set<string>();
  #first!: Outcome;
  #runs = 0;
  #crashes = 0;

  constructor(readonly subject: Subject) {
    this.whole = wholeCut(subject.input.length);
  }

  get report(): CrashTestReport {
    const results = [...this.#first.results.values()].reduce((sum, records) => sum + records.length, 0);
    return { runs: this.#runs, crashes: this.#crashes, results };
  }

  /**
   * Two runs without a crash. The first is the reference for all others; the second shows whether the results are
   * deterministic.
   */
  async begin(): Promise<void> {
    await checkTopics(this.subject);
    this.#first = await this.#run(this.whole, calm);
    if (this.#first.failure !== undefined) throw this.#first.failure;
    this.#compare("again", await this.#run(this.whole, calm), { epochs: this.whole.name, crash: undefined });
  }

  /** A run without a crash, to find the topics whose results depend on where epochs are cut. */
  async withoutCrash(cut: EpochCut): Promise<void> {
    const outcome = await this.#run(cut, calm);
    const { results: actual } = outcome, { results: expected } = this.#first;
    for (const topic of expected.keys()) {
      const differs = differenceIn(topic, { expected, actual, ordered: this.#ordered }) !== undefined;
      if (differs && lastDifferenceIn(topic, expected, actual) === undefined) this.#upserts.add(topic);
    }
    this.#compare("cut", outcome, { epochs: cut.name, crash: undefined });
  }

  async withCrashes(cut: EpochCut): Promise<void> {
    for (const { crash, crashes } of this.#trials(cut)) {
      this.#compare("crash", await this.#run(cut, crashes), { epochs: cut.name, crash });
    }
  }

  /** A crash alone at each boundary, and then at all of them in one run. */
  *#trials({ lengths }: EpochCut): Iterable<Trial> {
    const count = lengths.length + Number(this.subject.ends);
    const tried = Math.min(count, LONE_CRASHES);
    for (let n = 0; n < tried; n++) {
      const at = tried === count ? n : Math.round(n * (count - 1) / (tried - 1));
      for (const when of ["before", "after"] as const) {
        const name = at < lengths.length ? `epoch ${at + 1}` : "the end of the input";
        const crashes = (epoch: number, moment: Moment) => epoch === at && moment === when;
        yield { crash: `${when} the commit of ${name}`, crashes };
      }
    }
    yield { crash: "before and after the commit of every epoch", crashes: () => true };
  }

  get #ordered(): boolean {
    return this.#first.tasks === 1;
  }

  async #run(cut: EpochCut, crashes: Crashes): Promise<Outcome> {
    this.#runs++;
    const outcome = await runOnce(this.subject, cut, crashes);
    this.#crashes += outcome.crashes;
    return outcome;
  }

  #compare(
    found: "again" | "cut" | "crash",
    outcome: Outcome,
    where: { readonly epochs: string; readonly crash: string | undefined },
  ): void {
    const { results: actual, failure } = outcome, { results: expected } = this.#first;
    if (failure !== undefined) throw stopped(failure, where);
    for (const topic of expected.keys()) {
      const difference = this.#upserts.has(topic)
        ? lastDifferenceIn(topic, expected, actual)
        : differenceIn(topic, { expected, actual, ordered: this.#ordered });
      if (difference !== undefined) throw crashTestError(found, difference, where);
    }
  }
}

/** The error for a job that stopped in this run but not in the first. */
function stopped(failure: Error, { epochs, crash }: { epochs: string; crash: string | undefined }): Error {
  const when = crash === undefined ? "in one more run without a crash" : `after a crash ${crash}`;
  return new Error(
    `The job stopped ${when}, with ${epochs}, and did not stop without: ${failure.message}. Something in the pipeline remembers that is ` +
      `in no checkpoint, or was there from an earlier run`,
    { cause: failure },
  );
}

/** Checks that every record has a topic that the pipeline reads. Only a planned job knows these topics. */
async function checkTopics({ pipelines, job, partitions, input, start }: Subject): Promise<void> {
  const life = await Life.begin(new World(partitions, () => start), pipelines(), job, start);
  checkInput([...new Set(life.job.topology.sources.map(({ topic }) => topic))], input);
  await life.job.stop();
}
