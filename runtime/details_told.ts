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
  for (const [name, clock] of task.clocks) {
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
    Object.entries(clocks).map(([name, clock]) => [name, { ...clock, raisedBy: raisedBy[name] }]),
  );
}
