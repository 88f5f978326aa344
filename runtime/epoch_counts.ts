/**
 * What an epoch adds to the counts of this process.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { EpochOutputs } from "./outputs.ts";
import type { CountKind, EpochCount } from "./process_counts.ts";
import type { TaskRunner } from "./task_runner.ts";

/** The late values of each stage at the last cut. A stage that is subscribed anew begins at 0, as its epoch does. */
const lateBefore = new WeakMap<Tally, number>();

/** What a task has counted since its last cut, as of this cut. To be called once for each cut. */
export function countsOf(
  { queues, task }: TaskRunner,
  counters: { readonly before: Readonly<Record<string, number>>; readonly now: Readonly<Record<string, number>> },
  { letters }: EpochOutputs,
): EpochCount[] {
  const counts: EpochCount[] = [];
  const add = (kind: CountKind, of: string, by: number) => {
    if (by > 0) counts.push({ kind, of, by });
  };
  for (const { topic, counts: counted, taken, missing } of queues) {
    if (!counted) continue;
    add("source", topic, taken);
    add("missing", topic, missing);
  }
  for (const name in counters.now) {
    if (name.startsWith("out:")) add("sink", name.slice(4), counters.now[name] - (counters.before[name] ?? 0));
  }
  for (const [topic, by] of letters) add("deadLetter", topic, by);
  if (task.late === 0) return counts;
  for (const tally of task.tallies) {
    add("late", tally.name ?? tally.operator, tally.late - (lateBefore.get(tally) ?? 0));
    lateBefore.set(tally, tally.late);
  }
  return counts;
}
