/**
 * The truth about the crash job, computed in the plainest way: event by event, with everything that it has ever seen in memory.
 *
 * It knows the definitions (a window is late when its last millisecond plus the allowed lateness is at or before the watermark)
 * and nothing of how the engine does it.
 */
import { Rows } from "./rows.ts";
import { BOUND, eventAt, LATENESS, WINDOW } from "./traffic.ts";

interface Pane {
  readonly user: string;
  readonly start: number;
  count: number;
  fired: boolean;
}

/** What the job has to write when each partition has that many events, and then ends. */
export function truth(seed: number, lengths: readonly number[]): Rows {
  const rows = new Rows();
  lengths.forEach((length, partition) => truthOfPartition(rows, { seed, partition, length }));
  return rows;
}

function truthOfPartition(
  rows: Rows,
  { seed, partition, length }: { seed: number; partition: number; length: number },
): void {
  const counts = new Map<string, number>();
  const panes = new Map<string, Pane>();
  let watermark = -Infinity;

  const emit = (pane: Pane, kind: "onTime" | "late") => {
    pane.fired = true;
    const { user, start, count } = pane;
    const value = {
      user_id: user,
      window_start_ms: start,
      window_end_ms: start + WINDOW,
      event_count: count,
      pane: kind,
    };
    rows.add({ output: "activity", key: user, value, time: start + WINDOW - 1 });
  };
  const fireUntil = (time: number) => {
    const due = [...panes.values()].filter(({ fired, start }) => !fired && start + WINDOW - 1 <= time);
    for (const pane of due.sort((a, b) => a.start - b.start)) emit(pane, "onTime");
  };

  for (let index = 0; index < length; index++) {
    const event = eventAt(seed, partition, index);
    const { user_id: user, timestamp_ms: time } = event;
    const count = (counts.get(user) ?? 0) + 1;
    counts.set(user, count);
    rows.add({ output: "counts", key: user, value: { user_id: user, event_count: count }, time });

    const start = Math.floor(time / WINDOW) * WINDOW;
    const last = start + WINDOW - 1;
    if (last + LATENESS <= watermark) {
      rows.add({ output: "late", key: user, value: event, time, source: `${partition}@${index}` });
    } else {
      const place = `${user}/${start}`;
      const pane = panes.get(place) ?? { user, start, count: 0, fired: false };
      panes.set(place, pane);
      pane.count++;
      if (last <= watermark) emit(pane, "late");
    }
    watermark = Math.max(watermark, time - BOUND - 1);
    fireUntil(watermark);
    // Not for the truth's sake: what can no longer change need not be looked at with every event.
    for (const [place, pane] of panes) if (pane.start + WINDOW - 1 + LATENESS <= watermark) panes.delete(place);
  }
  fireUntil(Infinity);
}
