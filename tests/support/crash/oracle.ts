/**
 * The expected results of the crash job, computed in the simplest way: event by event, with all earlier events in
 * memory.
 *
 * It uses the definitions only (a window is late when its last millisecond plus the allowed lateness is at or before
 * the watermark), and nothing of the engine's implementation.
 */
import { type Row, Rows } from "./rows.ts";
import { BOUND, eventAt, LATENESS, WINDOW } from "./traffic.ts";

interface Pane {
  readonly user: string;
  readonly start: number;
  count: number;
  fired: boolean;
}

/** The rows that the job must write when each partition has this many events and then ends. */
export function truth(seed: number, lengths: readonly number[]): Rows {
  const rows = new Rows();
  lengths.forEach((length, partition) => {
    const ofPartition = new PartitionTruth({ seed, partition }, (row) => rows.add(row));
    for (let index = 0; index < length; index++) ofPartition.next();
    ofPartition.end();
  });
  return rows;
}

/** The expected rows of one partition, computed event by event. */
export class PartitionTruth {
  readonly #counts = new Map<string, number>();
  readonly #panes = new Map<string, Pane>();
  #watermark = -Infinity;
  #index = 0;

  constructor(readonly of: { readonly seed: number; readonly partition: number }, readonly tell: (row: Row) => void) {}

  /** Processes the next event. */
  next(): void {
    const { seed, partition } = this.of;
    const index = this.#index++;
    const event = eventAt(seed, partition, index);
    const { user_id: user, timestamp_ms: time } = event;
    const count = (this.#counts.get(user) ?? 0) + 1;
    this.#counts.set(user, count);
    this.tell({ output: "counts", key: user, value: { user_id: user, event_count: count }, time });

    const start = Math.floor(time / WINDOW) * WINDOW;
    const last = start + WINDOW - 1;
    if (last + LATENESS <= this.#watermark) {
      this.tell({ output: "late", key: user, value: event, time, source: `${partition}@${index}` });
    } else {
      const place = `${user}/${start}`;
      const pane = this.#panes.get(place) ?? { user, start, count: 0, fired: false };
      this.#panes.set(place, pane);
      pane.count++;
      if (last <= this.#watermark) this.#fire(pane, "late");
    }
    this.#watermark = Math.max(this.#watermark, time - BOUND - 1);
    this.#fireUntil(this.#watermark);
    // Only for speed: panes that cannot change any more are removed.
    for (const [place, pane] of this.#panes) {
      if (pane.start + WINDOW - 1 + LATENESS <= this.#watermark) this.#panes.delete(place);
    }
  }

  /** Processes the end of the input. */
  end(): void {
    this.#fireUntil(Infinity);
  }

  #fireUntil(time: number): void {
    const due = [...this.#panes.values()].filter(({ fired, start }) => !fired && start + WINDOW - 1 <= time);
    for (const pane of due.sort((a, b) => a.start - b.start)) this.#fire(pane, "onTime");
  }

  #fire(pane: Pane, kind: "onTime" | "late"): void {
    pane.fired = true;
    const { user, start, count } = pane;
    const value = {
      user_id: user,
      window_start_ms: start,
      window_end_ms: start + WINDOW,
      event_count: count,
      pane: kind,
    };
    this.tell({ output: "activity", key: user, value, time: start + WINDOW - 1 });
  }
}
