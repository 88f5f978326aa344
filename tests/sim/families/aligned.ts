/**
 * Windows that do not merge: sliding ones, which share slices, and tumbling ones, which take back what they replace. With
 * their expected results.
 *
 * @module
 */
import { map, type Observable } from "rxjs";
import { count, everyCount, slidingWindow, tumblingWindow, type WindowResult } from "@tidemark/streams";
import { DISORDER, type Event } from "../traffic.ts";
import type { Expected, OwnFamily, Row } from "./family.ts";

const SLIDING = "sliding";
const UPDATES = "updates";
/** The length of windows, the time between two sliding ones, and how long windows that have fired are kept. */
const SIZE = 14_000;
const SLIDE = 5_000;
const KEPT = 9_000;
/** How many events bring an early pane. */
const EARLY = 2;

export const sliding: OwnFamily = {
  name: SLIDING,
  share: 0.3,
  dice: 0x511d1,
  pipeline: (events) =>
    events.pipe(
      slidingWindow({
        name: SLIDING,
        key: ({ user }) => user,
        size: SIZE,
        slide: SLIDE,
        allowedLateness: KEPT,
        aggregate: count(),
      }),
      rows,
    ),
  expected: (emit) => new Aligned({ slide: SLIDE, early: Infinity, retracts: false }, emit),
};

export const updates: OwnFamily = {
  name: UPDATES,
  share: 0.3,
  dice: 0x0bda7e,
  pipeline: (events) =>
    events.pipe(
      tumblingWindow({
        name: UPDATES,
        key: ({ user }) => user,
        size: SIZE,
        allowedLateness: KEPT,
        aggregate: count(),
        trigger: { early: everyCount(EARLY) },
        panes: "retract",
      }),
      rows,
    ),
  expected: (emit) => new Aligned({ slide: SIZE, early: EARLY, retracts: true }, emit),
};

function rows(results: Observable<WindowResult<Event, string, number>>): Observable<Row> {
  return results.pipe(
    map(({ key, window, value, pane, index, retracts }) => ({
      user: key,
      ...window,
      n: value,
      pane,
      index,
      ...(retracts === undefined ? {} : { retracts }),
    })),
  );
}

interface Window {
  readonly user: string;
  readonly start: number;
  readonly end: number;
  n: number;
  since: number;
  index: number;
  /** Its last result. */
  last: Row | undefined;
}

interface Rules {
  readonly slide: number;
  readonly early: number;
  readonly retracts: boolean;
}

/** The windows of one partition, each with a count of its own. */
class Aligned implements Expected {
  #watermark = -Infinity;
  #open: Window[] = [];

  constructor(readonly rules: Rules, readonly emit: (row: Row) => void) {}

  add({ user, time }: Event): boolean {
    const { slide, early } = this.rules;
    let late = true;
    for (let start = Math.floor((time - SIZE) / slide) * slide + slide; start <= time; start += slide) {
      const end = start + SIZE;
      if (end - 1 + KEPT <= this.#watermark) continue;
      late = false;
      let window = this.#open.find((one) => one.user === user && one.start === start);
      if (window === undefined) {
        window = { user, start, end, n: 0, since: 0, index: 0, last: undefined };
        this.#open.push(window);
      }
      window.n++;
      window.since++;
      if (end - 1 <= this.#watermark) this.#fire(window, "late");
      else if (window.since >= early) this.#fire(window, "early");
    }
    this.#advance(time - DISORDER - 1);
    return !late;
  }

  end(): void {
    this.#advance(Infinity);
  }

  #advance(watermark: number): void {
    if (watermark <= this.#watermark) return;
    const due = this.#open.filter(({ end }) => end - 1 > this.#watermark && end - 1 <= watermark);
    this.#watermark = watermark;
    for (const window of due.sort((a, b) => a.end - b.end)) this.#fire(window, "onTime");
    this.#open = this.#open.filter(({ end }) => end - 1 + KEPT > watermark);
  }

  #fire(window: Window, pane: string): void {
    const { user, start, end, n } = window;
    window.since = 0;
    if (window.last !== undefined && this.rules.retracts) this.emit({ ...window.last, retracts: true } as Row);
    window.last = { user, start, end, n, pane, index: window.index++ } as Row;
    this.emit(window.last);
  }
}
