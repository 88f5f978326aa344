/**
 * Sums up the stages that keep state, over the tasks of a worker.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { DurableStates } from "../state/mod.ts";
import type { StageMetrics } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";

/** One stage. */
export class StageRow implements StageMetrics {
  records_in = 0;
  records_out = 0;
  late = 0;
  keys = 0;
  state_bytes = 0;
  timers = 0;

  constructor(readonly stage: string, readonly operator: string) {}

  /** Adds the stage of one task. */
  add({ in: taken, out, late, states: kept, timers }: Tally, states: DurableStates): void {
    this.records_in += taken;
    this.records_out += out;
    this.late += late;
    for (let i = 0; i < kept.length; i++) {
      this.keys += kept[i].size;
      this.state_bytes += states.named(kept[i].name)?.valueBytes ?? 0;
    }
    for (let i = 0; i < timers.length; i++) {
      this.keys -= timers[i].size;
      this.timers += timers[i].size;
    }
  }
}

/** A row for each stage, in the order in which the stages were subscribed. */
export function rowsOf<Row extends StageRow>(
  tasks: readonly OwnedTask[],
  make: (stage: string, operator: string) => Row,
): Row[] {
  const rows: Row[] = [];
  const byName = new Map<string, Row>();
  for (const { runner, states } of tasks) {
    let at = 0;
    for (const tally of runner.task.tallies) {
      const name = tally.name!;
      // Tasks have the same stages in the same order, mostly.
      let row: Row | undefined = rows[at++];
      if (row?.stage !== name) row = byName.get(name);
      if (row === undefined) {
        row = make(name, tally.operator);
        rows.push(row);
        byName.set(name, row);
      }
      row.add(tally, states);
    }
  }
  return rows;
}
