/** `deno task soak`: see the help below. Ends with code 1 as soon as something is wrong, and says the seed and what it is. */
import { parseArgs } from "node:util";
import { pickSeed } from "../support/crash/random.ts";
import { soak, type SoakOptions } from "./soak.ts";

const HELP = `deno task soak [options]

  --minutes N   how long (10)
  --rate N      events a second (1000)
  --seed N      chooses traffic and faults; printed at the start (a new one)
  --help        this text

Runs a job of two workers on a real Kafka of its own, kills and stops workers, kills and stops the broker, and compares each
result with the truth as a read_committed consumer sees it.`;

type Options = Pick<SoakOptions, "seed" | "minutes" | "rate">;

if (import.meta.main) {
  let options: Options | undefined;
  try {
    options = optionsOf(Deno.args);
  } catch (error) {
    console.error(`Cannot soak: ${(error as Error).message}`);
    Deno.exit(2);
  }
  Deno.exit(await main(options));
}

async function main(options: Options | undefined): Promise<number> {
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  const { seed, minutes } = options;
  console.log(`Seed ${seed}, ${minutes} minutes. The same choices again: deno task soak --seed ${seed}`);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => interrupted.abort());
  try {
    const { seconds, events, checked, late, latePanes, kills, faults, startedAnew } = await soak({
      ...options,
      signal: interrupted.signal,
      say: (line) => console.log(line),
    });
    console.log(`${events} events in ${seconds} s, ${checked} results, each seen once and in its order by a reader:`);
    console.log(`  ${late} late records, ${latePanes} late panes`);
    for (const [fault, times] of Object.entries(faults)) console.log(`  ${fault.padEnd(14)}${times}`);
    console.log(`  ${kills} SIGKILLs of workers, ${startedAnew} starts while the broker was away`);
    return 0;
  } catch (error) {
    console.error(`Failed with seed ${seed}. ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

function optionsOf(args: readonly string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: text, rate: text, seed: text, help: { type: "boolean" } },
  });
  if (values.help) return undefined;
  return {
    minutes: number("minutes", values.minutes) ?? 10,
    rate: number("rate", values.rate),
    seed: number("seed", values.seed) ?? pickSeed(),
  };
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`--${name} must be a number > 0, current value is ${text}`);
}
