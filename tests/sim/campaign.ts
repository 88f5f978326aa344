/**
 * Runs seeds one after the other until the time or the number of runs is used up, or a run fails. A failure is then
 * reduced to the faults that it needs.
 *
 * @module
 */
import { type Fault, showFault } from "./faults.ts";
import type { Scenario } from "./scenario.ts";
import { type Counts, noCounts, type Outcome } from "./outcome.ts";
import { runScenario } from "./world.ts";

/** Totals over many runs. */
export interface Totals extends Counts {
  runs: number;
  refused: number;
  /** Virtual milliseconds. */
  virtual: number;
}

/** A failure, reduced as far as possible. */
export interface Report {
  readonly seed: number;
  readonly kind: string;
  readonly message: string;
  /**
   * The message: the seed, what was wrong, the faults that are needed, and the requests and answers of each process.
   */
  readonly text: string;
}

export function noTotals(): Totals {
  return { ...noCounts(), runs: 0, refused: 0, virtual: 0 };
}

/** Adds to the totals. */
export function addTotals(sum: Totals, other: Totals): void {
  for (const name of Object.keys(sum) as (keyof Totals)[]) sum[name] += other[name];
}

/** Runs scenarios until one fails. Returns the outcome of that run, if there is one. */
export async function runAll(
  scenarios: Iterable<Scenario>,
  { totals, more = () => true }: { readonly totals: Totals; readonly more?: () => boolean },
): Promise<Outcome | undefined> {
  for (const scenario of scenarios) {
    if (!more()) return undefined;
    const outcome = await guarded(scenario);
    for (const name of Object.keys(outcome.counts) as (keyof Counts)[]) totals[name] += outcome.counts[name];
    totals.runs++;
    totals.virtual += outcome.took;
    if (outcome.refused) totals.refused++;
    if (outcome.failure !== undefined) return outcome;
  }
  return undefined;
}

/** Reduces a failure: leaves out each fault without which it still fails, then runs the rest with a trace. */
export async function reduce({ scenario, failure }: Outcome): Promise<Report> {
  let smallest = scenario;
  for (let again = true; again;) {
    again = false;
    for (const fault of smallest.faults) {
      const candidate = without(smallest, fault);
      if ((await guarded(candidate)).failure === undefined) continue;
      smallest = candidate;
      again = true;
    }
  }
  const { seed, faults: _, ...rest } = smallest;
  const outcome = await guarded(smallest, true);
  const { kind, message } = outcome.failure ?? failure!;
  const text = [
    `seed ${seed}: ${kind}: ${message}`,
    `the job: ${JSON.stringify(rest)}`,
    `${smallest.faults.length} of ${scenario.faults.length} faults are needed:`,
    ...smallest.faults.map((fault) => `  ${showFault(fault)}`),
    "what happened:",
    ...shortened(outcome.lines).map((line) => `  ${line}`),
    `seed ${seed}: ${kind}: ${message}`,
  ].join("\n");
  return { seed, kind, message, text };
}

function without(scenario: Scenario, fault: Fault): Scenario {
  return { ...scenario, faults: scenario.faults.filter((one) => one !== fault) };
}

/** The most lines of a trace that are shown. */
const LINES = 400;

/** Shortens a trace to its first lines and, mostly, its last ones. */
function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= LINES) return lines;
  return [...lines.slice(0, LINES / 4), `... ${lines.length - LINES} lines ...`, ...lines.slice(-LINES * 3 / 4)];
}

/** Runs a scenario. An unhandled rejection also counts as its failure, and does not end the process. */
export async function guarded(scenario: Scenario, keeps = false): Promise<Outcome> {
  let stray: unknown;
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    stray ??= event.reason;
  };
  globalThis.addEventListener("unhandledrejection", note);
  try {
    const outcome = await runScenario(scenario, keeps);
    if (stray === undefined || outcome.failure !== undefined) return outcome;
    const what = stray instanceof Error ? stray.stack ?? stray.message : String(stray);
    return { ...outcome, failure: { kind: "error", message: `a promise that nobody waits for has failed: ${what}` } };
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
}
