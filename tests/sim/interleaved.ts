/**
 * Checks windows when one task reads several partitions. The interleaving decides which records are late, and which
 * pane they belong to. But each record must be in exactly one place, and each window must be complete.
 * @module
 */
import { Violation } from "./heads.ts";
import { ACTIVITY, LATE } from "./pipelines.ts";
import { DISORDER, type Event, WINDOW, windowOf } from "./traffic.ts";

/** The events of one partition, in their order. */
export type Partition = readonly Event[];

interface Tally {
  events: number;
  late: number;
  /** The counts of its panes, in the order in which a reader sees them. */
  readonly panes: number[];
}

/** @param ended the input has ended: every window has fired */
export function verifyInterleaved(
  rows: ReadonlyMap<string, readonly string[]>,
  { partitions, ended }: { readonly partitions: readonly Partition[]; readonly ended: boolean },
): void {
  const tallies = new Map<string, Tally>();
  const tallyOf = (user: string, start: number) => {
    const name = `the window of ${user} from ${start} on`;
    const tally = tallies.get(name) ?? { events: 0, late: 0, panes: [] };
    tallies.set(name, tally);
    return { name, tally };
  };
  for (const { user, time } of partitions.flat()) tallyOf(user, windowOf(time)).tally.events++;
  const seen = new Set<number>();
  for (const row of rowsOf(rows, LATE)) {
    const { user, n, time } = row as Event;
    if (seen.has(n)) throw new Violation(`event ${n} was late twice`);
    seen.add(n);
    tallyOf(user, windowOf(time)).tally.late++;
  }
  for (const row of rowsOf(rows, ACTIVITY)) {
    const { user, start, count, index } = row as { user: string; start: number; count: number; index: number };
    const { name, tally: { panes } } = tallyOf(user, start);
    if (index !== panes.length) {
      throw new Violation(`pane ${index} of ${name} came where pane ${panes.length} should be`);
    }
    if (count <= (panes.at(-1) ?? 0)) {
      throw new Violation(`pane ${index} of ${name} counts ${count} after ${panes.at(-1)}`);
    }
    panes.push(count);
  }
  const watermark = ended ? Infinity : watermarkOf(partitions);
  for (const [name, { events, late, panes }] of tallies) {
    const start = Number(name.split(" ").at(-2));
    const counted = panes.at(-1) ?? 0;
    const due = start + WINDOW - 1 <= watermark;
    if (due ? counted + late === events : panes.length + late === 0) continue;
    throw new Violation(
      `${name} has ${events} events, ${counted} in its last pane and ${late} late; it is ${due ? "" : "not "}due`,
    );
  }
}

/** The watermark of the slowest partition. A partition without records holds it back. */
function watermarkOf(partitions: readonly Partition[]): number {
  return Math.min(...partitions.map((events) => Math.max(...events.map(({ time }) => time)) - DISORDER - 1));
}

function* rowsOf(rows: ReadonlyMap<string, readonly string[]>, topic: string): Iterable<unknown> {
  for (const [name, list] of rows) if (name.startsWith(`${topic} `)) { for (const row of list) yield JSON.parse(row); }
}
