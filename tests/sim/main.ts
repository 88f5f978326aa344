/**
 * `deno task sim`: runs the engine in the simulated world.
 *
 *     --seed N      the first seed; by default one that changes with the day
 *     --runs M      how many runs (2000)
 *     --minutes T   as many runs as that takes, instead of a number
 *     --trace       one run, with everything that each process asked and was told
 *     --threads N   how many at once (as the machine has)
 *     --brief       a failure is not cut down; what came of it is one line of JSON
 */
import { guarded, reduce } from "./campaign.ts";
import { scenarioOf } from "./scenario.ts";
import { runCampaign, summaryOf } from "./threads.ts";
import { parseArgs } from "node:util";

const RUNS = 2000;
const PROGRESS_MS = 2000;

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    runs: { type: "string" },
    minutes: { type: "string" },
    threads: { type: "string" },
    trace: { type: "boolean" },
    brief: { type: "boolean" },
  },
});

/** One that changes with the day, so that every day other runs are made. */
export function seedOfTheDay(now: number): number {
  return Math.floor(now / 86_400_000) * 100_000;
}

async function trace(seed: number): Promise<number> {
  const outcome = await guarded(scenarioOf(seed), true);
  for (const line of outcome.lines) console.log(line);
  console.log(outcome.failure === undefined ? `seed ${seed}: all is well` : (await reduce(outcome)).text);
  return outcome.failure === undefined ? 0 : 1;
}

async function main(): Promise<number> {
  const seed = numberOf("seed", flags.seed) ?? seedOfTheDay(Date.now());
  if (flags.trace) return await trace(seed);
  const minutes = numberOf("minutes", flags.minutes);
  const runs = numberOf("runs", flags.runs) ?? (minutes === undefined ? RUNS : Infinity);
  if (!flags.brief) console.log(`Simulating from seed ${seed} on`);
  let shown = performance.now();
  const campaign = await runCampaign({
    seed,
    runs: Math.min(runs, 2 ** 31),
    threads: numberOf("threads", flags.threads) ?? navigator.hardwareConcurrency,
    limit: minutes === undefined ? undefined : minutes * 60_000,
    reduces: !flags.brief,
    progress(totals) {
      if (flags.brief || performance.now() - shown < PROGRESS_MS) return;
      shown = performance.now();
      console.log(`${totals.runs} runs, ${totals.kills} kills, ${totals.takeovers} takeovers`);
    },
  });
  const { report, totals } = campaign;
  if (flags.brief) console.log(JSON.stringify({ runs: totals.runs, report }));
  else {
    if (report !== undefined) console.log(`${report.text}\nAgain with: deno task sim --seed ${report.seed} --trace`);
    console.log(summaryOf(campaign));
  }
  return report === undefined ? 0 : 1;
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number >= 0)) throw new RangeError(`--${name} must be a number >= 0, current value is ${text}`);
  return number;
}

if (import.meta.main) Deno.exit(await main());
