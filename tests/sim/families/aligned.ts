/**
 * Windows that do not merge, with their expected results: sliding and cumulative ones, which share slices, tumbling ones,
 * which take back what they replace, and days of a time zone.
 *
 * @module
 */
import { map, type Observable } from "rxjs";
import {
  calendarWindow,
  count,
  cumulativeWindow,
  eventTime,
  everyCount,
  hours,
  slidingWindow,
  tumblingWindow,
  watermark,
  type WindowResult,
} from "@tidemark/streams";
import { BEGIN } from "../trace.ts";
import { DISORDER, type Event } from "../traffic.ts";
import type { Expected, OwnFamily, Row } from "./family.ts";
import { countInPlace } from "./in_place.ts";

const SLIDING = "sliding";
const UPDATES = "updates";
const GROWING = "growing";
const DAYS = "days";
/** The length of windows, the time between two sliding ones, and how long windows that have fired are kept. */
const SIZE = 14_000;
const SLIDE = 5_000;
const KEPT = 9_000;
/** The longest cumulative window, and how much longer each is than the one before it. */
const MAX = 16_000;
const STEP = 4_000;
/** How many events bring an early pane. */
const EARLY = 2;
const TIME_ZONE = "Europe/Berlin";
/** A second of an event is an hour of its days. They are those on which clocks are changed. */
const STRETCH = 3_600;
const FIRST_DAY = Date.UTC(2024, 2, 30);

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The spans of one length that hold a time. */
function spansEvery(slide: number, time: number): Span[] {
  const spans: Span[] = [];
  for (let start = Math.floor((time - SIZE) / slide) * slide + slide; start <= time; start += slide) {
    spans.push({ start, end: start + SIZE });
  }
  return spans;
}

export const sliding: OwnFamily = {
  name: SLIDING,
  share: 0.15,
  dice: 0x511d1,
  pipeline: (events) =>
    events.pipe(
      slidingWindow({
        name: SLIDING,
        key: ({ user }) => user,
        size: SIZE,
        slide: SLIDE,
        allowedLateness: KEPT,
        aggregate: countInPlace(),
      }),
      rows,
    ),
  expected: (emit) => new Aligned({ ...PLAIN, spansOf: (time) => spansEvery(SLIDE, time) }, emit),
};

export const updates: OwnFamily = {
  name: UPDATES,
  share: 0.15,
  dice: 0x0bda7e,
  pipeline: (events) =>
    events.pipe(
      tumblingWindow({
        name: UPDATES,
        key: ({ user }) => user,
        size: SIZE,
        allowedLateness: KEPT,
        aggregate: countInPlace(),
        trigger: { early: everyCount(EARLY) },
        panes: "retract",
      }),
      rows,
    ),
  expected: (emit) =>
    new Aligned({ ...PLAIN, spansOf: (time) => spansEvery(SIZE, time), early: EARLY, retracts: true }, emit),
};

export const growing: OwnFamily = {
  name: GROWING,
  share: 0.1,
  dice: 0x6203,
  pipeline: (events) =>
    events.pipe(
      cumulativeWindow({
        name: GROWING,
        key: ({ user }) => user,
        max: MAX,
        step: STEP,
        allowedLateness: KEPT,
        aggregate: countInPlace(),
      }),
      rows,
    ),
  expected: (emit) => {
    const spansOf = (time: number) => {
      const start = Math.floor(time / MAX) * MAX;
      const ends = Array.from({ length: MAX / STEP }, (_, n) => start + (n + 1) * STEP);
      return ends.filter((end) => end > time).map((end) => ({ start, end }));
    };
    return new Aligned({ ...PLAIN, spansOf }, emit);
  },
};

export const days: OwnFamily = {
  name: DAYS,
  share: 0.1,
  dice: 0xda75,
  pipeline: (events) =>
    events.pipe(
      eventTime(stretched, { maxAhead: Infinity }),
      watermark({ maxOutOfOrderness: DISORDER * STRETCH }),
      calendarWindow({
        name: DAYS,
        key: ({ user }) => user,
        unit: "day",
        timeZone: TIME_ZONE,
        allowedLateness: hours(9),
        aggregate: count(),
      }),
      rows,
    ),
  expected: (emit) => {
    const spansOf = (time: number) => {
      const day = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(TIME_ZONE).toPlainDate();
      const [start, end] = [day, day.add({ days: 1 })].map((one) => one.toZonedDateTime(TIME_ZONE).epochMilliseconds);
      return [{ start, end }];
    };
    const rules = { ...PLAIN, spansOf, timeOf: stretched, disorder: DISORDER * STRETCH, kept: hours(9) };
    return new Aligned(rules, emit);
  },
};

/** The time of an event in days. */
function stretched({ time }: Event): number {
  return FIRST_DAY + (time - BEGIN + hours(12)) * STRETCH;
}

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

interface Window extends Span {
  readonly user: string;
  n: number;
  since: number;
  index: number;
  /** Its last result. */
  last: Row | undefined;
}

interface Rules {
  /** The windows of a time, in the order of their ends. */
  readonly spansOf: (time: number) => readonly Span[];
  readonly timeOf: (event: Event) => number;
  readonly disorder: number;
  /** How long a window that has fired is kept. */
  readonly kept: number;
  readonly early: number;
  readonly retracts: boolean;
}

const PLAIN: Omit<Rules, "spansOf"> = {
  timeOf: ({ time }) => time,
  disorder: DISORDER,
  kept: KEPT,
  early: Infinity,
  retracts: false,
};

/** The windows of one partition, each with a count of its own. */
class Aligned implements Expected {
  #watermark = -Infinity;
  #open: Window[] = [];

  constructor(readonly rules: Rules, readonly emit: (row: Row) => void) {}

  add(event: Event): boolean {
    const { spansOf, timeOf, disorder, kept, early } = this.rules;
    const { user } = event, time = timeOf(event);
    let late = true;
    for (const { start, end } of spansOf(time)) {
      if (end - 1 + kept <= this.#watermark) continue;
      late = false;
      let window = this.#open.find((one) => one.user === user && one.start === start && one.end === end);
      if (window === undefined) {
        window = { user, start, end, n: 0, since: 0, index: 0, last: undefined };
        this.#open.push(window);
      }
      window.n++;
      window.since++;
      if (end - 1 <= this.#watermark) this.#fire(window, "late");
      else if (window.since >= early) this.#fire(window, "early");
    }
    this.#advance(time - disorder - 1);
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
    this.#open = this.#open.filter(({ end }) => end - 1 + this.rules.kept > watermark);
  }

  #fire(window: Window, pane: string): void {
    const { user, start, end, n } = window;
    window.since = 0;
    if (window.last !== undefined && this.rules.retracts) this.emit({ ...window.last, retracts: true } as Row);
    window.last = { user, start, end, n, pane, index: window.index++ } as Row;
    this.emit(window.last);
  }
}
