/**
 * What a task tells in its head, for the details of a job that another worker, or nobody, has.
 *
 * @module
 */
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { Task } from "../operators/_task.ts";
import type { Head, Offsets } from "../state/mod.ts";
import { RAISED_PARTITIONS } from "../state/limits.ts";
import { mapOffsets } from "./offsets.ts";

/** The records that raised the marks of a task's clocks last. */
export function raisedByOf({ task }: { readonly task: Task }): Record<string, Offsets> {
  // The object has no prototype: a clock may be named `constructor`.
  const raisedBy: Record<string, Offsets> = Object.create(null);
  const seen = new Set<object>();
  for (const [name, clock] of task.clocks) {
    // A watermark() that is subscribed several times has the same marks each time.
    if (seen.has(clock.identity)) continue;
    seen.add(clock.identity);
    const raised = clock.raised?.() ?? [];
    if (raised.length === 0 || raised.length > RAISED_PARTITIONS) continue;
    raisedBy[name] = mapOffsets(raised.map(([topic, partition, offset]) => ({ topic, partition, offset })));
  }
  return raisedBy;
}

/** The clocks of a head, with the records that raised their marks. */
export function toldClocks({ clocks, told }: Head): Readonly<Record<string, ClockSnapshot>> {
  if (told === undefined) return clocks;
  const { raisedBy } = told;
  return Object.fromEntries(
    Object.entries(clocks).map((
      [name, clock],
    ) => [name, { ...clock, raisedBy: raisedBy[name] ?? raisedBy[original(name)] }]),
  );
}

/** The name of the clock of which this one is another subscription, or its own: names of those end with a number. */
export function original(name: string): string {
  return name.replace(/#\d+$/, "");
}
