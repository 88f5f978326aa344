/**
 * `deno task sim`: runs the engine in the simulated world.
 *
 *     --seed N      the first seed; by default one that changes with the day
 *     --runs M      how many runs (2000)
 *     --minutes T   as many runs as that takes, instead of a number
 *     --sweep       one run again and again: its first worker dies, or stands still, at each point where it waits
 *     --trace       one run, with everything that each process asked and was told
 *     --threads N   how many at once (as the machine has)
 *     --families L  the families of all runs, instead of those that are drawn: names with commas between them
 *     --resets      other runs, in each of which the job has hops and is reset
 *     --brief       a failure is not cut down; what came of it is one line of JSON
 */
import { guarded, reduce } from "./campaign.ts";
import { scenarioOf } from "./draws.ts";
import { resetScenarioOf } from "./resets.ts";
import { type Scenario, withFamilies } from "./scenario.ts";
import { sweepRuns } from "./sweep.ts";
import { runCampaign, summaryOf } from "./threads.ts";
import { parseArgs } from "node:util";

const RUNS = 2000;
const PROGRESS_MS = 2000;

interface Flags {
  readonly seed: number;
  readonly runs: number | undefined;
  readonly minutes: number | undefined;
  readonly threads: number;
  readonly trace: boolean;
  readonly sweep: boolean;
  readonly brief: boolean;
  readonly families: readonly string[] | undefined;
  readonly resets: boolean;
}

/** A seed that changes every day, so that each day has other runs. */
function seedOfTheDay(now: number): number {
  return Math.floor(now / 86_400_000) * 100_000;
}

async function trace(scenario: Scenario): Promise<number> {
  const { seed } = scenario;
  const outcome = await guarded(scenario, true);
  for (const line of outcome.lines) console.log(line);
  console.log(outcome.failure === undefined ? `seed ${seed}: all is well` : (await reduce(outcome)).text);
  return outcome.failure === undefined ? 0 : 1;
}

async function main({ seed, minutes, threads, brief, families, resets, ...flags }: Flags): Promise<number> {
  const scenario = resets ? resetScenarioOf(seed) : scenarioOf(seed);
  if (flags.trace) return await trace(families === undefined ? scenario : withFamilies(scenario, families));
  const base = flags.sweep
    ? { ...scenario, faults: scenario.faults.filter(({ act }) => act.do === "reset") }
    : undefined;
  const points = base === undefined ? Infinity : await sweepRuns(base);
  const runs = Math.min(points, flags.runs ?? (base === undefined && minutes === undefined ? RUNS : Infinity));
  if (!brief) console.log(`Simulating ${flags.sweep ? `every await point of seed ${seed}` : `from seed ${seed} on`}`);
  let shown = performance.now();
  const campaign = await runCampaign({
    seed: base === undefined ? seed : 0,
    base,
    families,
    resets,
    runs: Math.min(runs, 2 ** 31),
    threads,
    limit: minutes === undefined ? undefined : minutes * 60_000,
    reduces: !brief,
    progress(totals) {
      if (brief || performance.now() - shown < PROGRESS_MS) return;
      shown = performance.now();
      console.log(`${totals.runs} runs, ${totals.kills} kills, ${totals.takeovers} takeovers`);
    },
  });
  const { report, totals } = campaign;
  if (brief) console.log(JSON.stringify({ runs: totals.runs, report }));
  else {
    const kind = resets ? " --resets" : "";
    const again = `deno task sim --seed ${flags.sweep ? `${seed} --sweep` : `${report?.seed} --trace`}${kind}`;
    if (report !== undefined) console.log(`${report.text}\nAgain with: ${again}`);
    console.log(summaryOf(campaign));
  }
  return report === undefined ? 0 : 1;
}

/** The parsed flags. A mistake in them is reported in one sentence. */
function flagsOf(args: readonly string[]): Flags {
  const [text, yes] = [{ type: "string" }, { type: "boolean" }] as const;
  const numbers = { seed: text, runs: text, minutes: text, threads: text };
  const options = { ...numbers, families: text, resets: yes, trace: yes, sweep: yes, brief: yes };
  const { values } = parseArgs({ args: [...args], options });
  return {
    seed: numberOf("seed", values.seed) ?? seedOfTheDay(Date.now()),
    runs: numberOf("runs", values.runs),
    minutes: numberOf("minutes", values.minutes),
    threads: numberOf("threads", values.threads) ?? navigator.hardwareConcurrency,
    trace: values.trace ?? false,
    sweep: values.sweep ?? false,
    brief: values.brief ?? false,
    resets: values.resets ?? false,
    families: values.families?.split(",").filter((name) => name !== ""),
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number >= 0)) throw new RangeError(`--${name} must be a number >= 0, current value is ${text}`);
  return number;
}

if (import.meta.main) {
  let flags: Flags;
  try {
    flags = flagsOf(Deno.args);
  } catch (error) {
    console.error(`Cannot simulate: ${(error as Error).message}`);
    Deno.exit(2);
  }
  Deno.exit(await main(flags));
}
