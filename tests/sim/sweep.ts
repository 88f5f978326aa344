/**
 * Repeats one run. Each time its first worker dies, or stands still until others have taken over, at another of the
 * points where it waits, until every point was used.
 *
 * @module
 */
import type { CallAct, Fault } from "./faults.ts";
import type { Scenario } from "./scenario.ts";
import { runScenario } from "./world.ts";

/**
 * The faults at each point. A session lasts ten seconds, so a worker that stands still for twelve has lost its tasks.
 */
const ACTS: readonly CallAct[] = [
  { do: "kill", when: "asking", late: 0, restart: 300 },
  { do: "pause", when: "asking", ms: 12_000 },
];

/** How many runs a sweep needs. A run without faults shows at how many points the first worker waits. */
export async function sweepRuns(base: Scenario): Promise<number> {
  const { steps, failure } = await runScenario(base);
  if (failure !== undefined) throw new Error(`Cannot sweep a run that fails by itself: ${failure.message}`);
  return steps[0] * ACTS.length;
}

/** The run with this number, from 0 on. */
export function sweepScenario(base: Scenario, number: number): Scenario {
  const nth = 1 + Math.floor(number / ACTS.length);
  const fault: Fault = { on: "call", worker: 0, target: "step", nth, act: ACTS[number % ACTS.length] };
  return { ...base, faults: [...base.faults, fault] };
}
