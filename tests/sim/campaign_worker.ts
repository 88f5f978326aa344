/** Runs a share of the seeds on a separate thread, and reports the outcomes. */
import { noTotals, reduce, type Report, runAll, type Totals } from "./campaign.ts";
import { scenarioOf } from "./draws.ts";
import { resetScenarioOf } from "./resets.ts";
import { type Scenario, withFamilies } from "./scenario.ts";
import { sweepScenario } from "./sweep.ts";
import { giveSigns } from "./watch.ts";

/** The runs of a thread: every `step`th from `first` on, at most `runs` of them, until a time. */
export interface Share {
  /** The scenario whose await points are swept. Absent: each number is a seed. */
  readonly base?: Scenario | undefined;
  /** The families of all runs, instead of those that are drawn. */
  readonly families?: readonly string[] | undefined;
  /** Whether the job is reset in all runs. */
  readonly resets?: boolean | undefined;
  readonly first: number;
  readonly step: number;
  readonly runs: number;
  /** On the clock of `performance.timeOrigin + performance.now()`. */
  readonly until: number;
  /** Whether a failure is reduced before it is reported. */
  readonly reduces: boolean;
  /** Shared memory in which the thread shows that it is alive. */
  readonly watch: Int32Array;
}

/** The reports of a thread: from time to time, and at its end. */
export interface Told {
  readonly totals: Totals;
  readonly over: boolean;
  readonly report: Report | undefined;
}

/** How many runs one report covers. */
const BATCH = 20;

const thread = self as unknown as {
  onmessage: (event: MessageEvent<Share>) => void;
  postMessage(told: Told): void;
  close(): void;
};

thread.onmessage = async ({ data }) => {
  await work(data);
  thread.close();
};

async function work({ base, families, resets, first, step, runs, until, reduces, watch }: Share): Promise<void> {
  const begins = giveSigns(watch);
  const scenario = (number: number) => {
    begins(number);
    const draw = resets ? resetScenarioOf : scenarioOf;
    const drawn = base === undefined ? draw(number) : sweepScenario(base, number);
    return families === undefined ? drawn : withFamilies(drawn, families);
  };
  const more = () => performance.timeOrigin + performance.now() < until;
  for (let done = 0; done < runs; done += BATCH) {
    const totals = noTotals();
    const numbers = Array.from({ length: Math.min(BATCH, runs - done) }, (_, i) => first + (done + i) * step);
    const failed = await runAll(numbers.values().map(scenario), { totals, more });
    const report = failed === undefined
      ? undefined
      : reduces
      ? await reduce(failed)
      : { seed: failed.scenario.seed, ...failed.failure!, text: failed.failure!.message };
    const over = report !== undefined || !more() || done + BATCH >= runs;
    thread.postMessage({ totals, over, report });
    if (over) return;
  }
}
