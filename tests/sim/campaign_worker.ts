/** Runs a share of the seeds on a thread of its own, and tells what came of them. */
import { noTotals, reduce, type Report, runAll, type Totals } from "./campaign.ts";
import { scenarioOf } from "./draws.ts";
import type { Scenario } from "./scenario.ts";
import { sweepScenario } from "./sweep.ts";
import { giveSigns } from "./watch.ts";

/** Which runs: every `step`th from the `first` on, `runs` of them at most, until that moment. */
export interface Share {
  /** Whose await points are swept; absent: each number is a seed. */
  readonly base?: Scenario | undefined;
  readonly first: number;
  readonly step: number;
  readonly runs: number;
  /** On the clock of `performance.timeOrigin + performance.now()`. */
  readonly until: number;
  /** Whether a failure is cut down before it is told. */
  readonly reduces: boolean;
  /** Shared memory for signs of life. */
  readonly watch: Int32Array;
}

/** What a thread tells: from time to time, and at its end. */
export interface Told {
  readonly totals: Totals;
  readonly over: boolean;
  readonly report: Report | undefined;
}

/** How many runs are told of at once. */
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

async function work({ base, first, step, runs, until, reduces, watch }: Share): Promise<void> {
  const begins = giveSigns(watch);
  const scenario = (number: number) => {
    begins(number);
    return base === undefined ? scenarioOf(number) : sweepScenario(base, number);
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
