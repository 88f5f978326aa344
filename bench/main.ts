/**
 * `deno task bench`: the measurements of the main job. Each table has a column with its goal.
 *
 * The parts are `operators` (the pipeline in memory), `nexmark` (the queries of that benchmark in memory), `checkpoint`
 * (the cost of an epoch and of a restore), `keys` (the cost of similar keys and of large ones), `broadcast` (the memory
 * of a table that every task holds), `quality` (how often the example recommends what comes next), `throughput`,
 * `latency`, `windows`, `hops` and `recommendations` (with a real Kafka, which is started from its jars if
 * `KAFKA_BROKERS` is not set; `windows` is the latency of windows, `hops` that with no hop, one and two).
 */
import { parseArgs } from "node:util";
import { benchHops, benchLatency, benchRecommendations } from "./latency_bench.ts";
import { openBroker } from "./support/bench_broker.ts";
import { lines } from "../tests/support/lines.ts";
import { describeMachine, everything, line } from "./support/report.ts";
import { benchThroughput } from "./throughput_bench.ts";
import { benchWindowLatency } from "./window_latency_bench.ts";

const PARTS = [
  "operators",
  "nexmark",
  "checkpoint",
  "keys",
  "broadcast",
  "quality",
  "throughput",
  "latency",
  "windows",
  "hops",
  "recommendations",
];
const HELP = `deno task bench [options]

  --only PART[,PART]   only these parts: ${PARTS.join(", ")}
  --quick              shorter runs: good enough to see a large change, too short for the goals
  --minutes N          how long each latency run and the load on the checkpoint last (1; the checkpoint's own 10)
  --events N           how many events the throughput jobs and the queries of Nexmark read (1,000,000), and how many
                       of the generator's the quality is measured on (200,000)
  --users N            how many users the throughput jobs' events are of (10,000; at most 100,000)
  --kinds KIND[,KIND]  only these throughput jobs: counts, latest, windows
  --ratings FILE       with --only quality: the events are ratings, in lines user<TAB>item<TAB>rating<TAB>seconds; each
                       weighs the same
  --half-life DAYS     with --only quality: in which time what belongs together counts half (7; for a file 90)
  --json               with --only quality: the hit rates as JSON, alone on stdout
  --rates N[,N]        only these latency runs: 2000, 10000
  --job-flags FLAGS    more flags of Deno for the job's process, such as --cpu-prof
  --out FILE           writes the tables there as well
  --help               this text`;

interface Options {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly minutes: number | undefined;
  readonly events: number;
  /** The flags of the part `quality`. */
  readonly quality: readonly string[];
  readonly json: boolean;
  readonly users: number | undefined;
  readonly kinds: readonly string[] | undefined;
  readonly rates: readonly number[] | undefined;
  readonly flags: readonly string[];
  readonly out: string | undefined;
}

function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: "string" } as const, flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text,
      quick: flag,
      minutes: text,
      events: text,
      users: text,
      kinds: text,
      rates: text,
      "job-flags": text,
      ratings: text,
      "half-life": text,
      json: flag,
      out: text,
      help: flag,
    },
  });
  if (values.help) return undefined;
  const only = values.only?.split(",") ?? PARTS;
  const unknown = only.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new TypeError(`Cannot bench "${unknown}": the parts are ${PARTS.join(", ")}`);
  const { quick = false, json = false, ratings, "half-life": halfLife } = values;
  const alone = Object.entries({ ratings, "half-life": halfLife, json: values.json }).find(([, value]) => value);
  if (alone !== undefined && String(only) !== "quality") throw new TypeError(`--${alone[0]} needs --only quality`);
  const quality = Object.entries({ ratings, "half-life": halfLife, events: values.events })
    .flatMap(([name, value]) => value === undefined ? [] : [`--${name}`, value]);
  return {
    only,
    quick,
    json,
    quality: json ? [...quality, "--json"] : quality,
    minutes: values.minutes === undefined ? undefined : Number(values.minutes),
    events: Number(values.events ?? (quick ? 300_000 : 1_000_000)),
    users: values.users === undefined ? undefined : Number(values.users),
    kinds: values.kinds?.split(","),
    rates: values.rates?.split(",").map(Number),
    flags: values["job-flags"]?.split(" ") ?? [],
    out: values.out,
  };
}

/** The scripts of a part that needs no broker. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  operators: ["operators", "windows", "joins", "async"],
  nexmark: ["nexmark"],
  checkpoint: ["checkpoint"],
  keys: ["keys"],
  broadcast: ["broadcast"],
  quality: ["quality"],
};

/** The parts that need one. */
const ON_KAFKA = ["throughput", "latency", "windows", "hops", "recommendations"];

/** Runs a script that needs no broker, in a new process, so that code compiled for others does not affect it. */
async function runApart(part: string, { quick, minutes, events, quality }: Options): Promise<boolean> {
  const script = new URL(`./${part}_bench.ts`, import.meta.url);
  const flags = [...(quick ? ["--quick"] : []), ...(minutes === undefined ? [] : ["--minutes", String(minutes)])];
  if (part === "quality") flags.splice(0, Infinity, ...(quick ? ["--quick"] : []), ...quality);
  if (part === "nexmark") flags.push("--events", String(events));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", script.href, ...flags],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  if (part !== "quality") line();
  for await (const text of lines(process.stdout)) line(text);
  return (await process.status).success;
}

async function runOnKafka(options: Options): Promise<boolean> {
  await using broker = await openBroker();
  for (const text of describeMachine(broker.description)) line(text);
  const { only, quick, minutes, events, users, kinds, rates, flags } = options;
  let right = true;
  if (only.includes("throughput")) right = await benchThroughput(broker, { events, users, kinds, flags }) && right;
  const seconds = minutes === undefined ? (quick ? 10 : 60) : Math.round(minutes * 60);
  if (only.includes("windows")) right = await benchWindowLatency(broker, { seconds, flags }) && right;
  if (only.includes("latency")) right = await benchLatency(broker, { seconds, rates, flags }) && right;
  if (only.includes("hops")) right = await benchHops(broker, { seconds, flags }) && right;
  if (only.includes("recommendations")) right = await benchRecommendations(broker, { seconds, flags }) && right;
  return right;
}

async function main(options: Options): Promise<boolean> {
  const { only, json, out } = options;
  let right = true;
  for (const [part, scripts] of Object.entries(SCRIPTS)) {
    if (!only.includes(part)) continue;
    for (const script of scripts) right = await runApart(script, options) && right;
  }
  if (ON_KAFKA.some((part) => only.includes(part))) right = await runOnKafka(options) && right;
  else if (right && !json) { for (const text of describeMachine("none")) line(text); }
  if (out !== undefined) await Deno.writeTextFile(out, everything(), { append: true });
  return right;
}

if (import.meta.main) {
  let options: Options | undefined;
  try {
    options = readOptions(Deno.args);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
  if (options === undefined) {
    console.log(HELP);
    Deno.exit(0);
  }
  if (!await main(options)) {
    // The quality loses nothing: what is wrong with its flags or its file is said already.
    if (String(options.only) !== "quality") {
      console.error("A benchmark lost or doubled results, or failed: its numbers mean nothing.");
    }
    Deno.exit(1);
  }
}
