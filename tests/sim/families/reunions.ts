/**
 * `windowJoin` of the even events of a user with the others, in sessions and in windows that overlap, and its expected
 * rows.
 *
 * @module
 */
import { filter, type Observable } from "rxjs";
import { type JoinWindow, windowJoin } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { ByEventTime, type Expected, type OwnFamily } from "./family.ts";

/** How long a user must be silent, in milliseconds. */
const GAP = 6000;
const SIZE = 9000, SLIDE = 4000;

interface Row {
  readonly user: string;
  readonly even: number | null;
  readonly odd: number | null;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const isEven = ({ n }: Event) => n % 2 === 0;

export const reunions: OwnFamily = familyOf("reunions", { gap: GAP }, 0x4e0915, (emit) => new Reunions(emit));
export const overlaps: OwnFamily = familyOf(
  "overlaps",
  { size: SIZE, slide: SLIDE },
  0x07e41a,
  (emit) => new Overlaps(emit),
);

function familyOf(
  name: string,
  window: JoinWindow<Event>,
  dice: number,
  expected: (emit: (row: Row) => void) => Expected,
): OwnFamily {
  const pipeline = (events: Observable<Event>): Observable<Row> =>
    events.pipe(
      filter(isEven),
      windowJoin(events.pipe(filter((event) => !isEven(event))), {
        name,
        window,
        key: ({ user }) => user,
        rightKey: ({ user }) => user,
        type: "left",
        join: (even, odd): Row => ({ user: even.user, even: even.n, odd: odd?.n ?? null }),
      }),
    );
  return { name, share: 0.1, dice, pipeline, expected };
}

/** The rows of one window of a user. */
function rowsOf(events: readonly Event[]): Row[] {
  const odds = events.filter((event) => !isEven(event)).map(({ n }) => n);
  return events.filter(isEven).flatMap(({ user, n }) =>
    (odds.length > 0 ? odds : [null]).map((odd) => ({ user, even: n, odd }))
  );
}

/** The sessions of one partition, all of them searched for each event. */
class Reunions extends ByEventTime {
  #open: (Span & { readonly user: string; readonly events: readonly (Event & { readonly place: number })[] })[] = [];
  #place = 0;

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take(event: Event): boolean {
    const { user, time } = event;
    const own = { start: time, end: time + GAP };
    const touched = this.#open.filter((one) => one.user === user && one.start <= own.end && one.end >= own.start);
    if (touched.length === 0 && own.end - 1 <= this.watermark) return false;
    const spans = [own, ...touched];
    const events = [...touched.flatMap(({ events }) => events), { ...event, place: this.#place++ }];
    this.#open = this.#open.filter((one) => !touched.includes(one));
    this.#open.push({
      user,
      start: Math.min(...spans.map(({ start }) => start)),
      end: Math.max(...spans.map(({ end }) => end)),
      events: events.sort((a, b) => a.place - b.place),
    });
    return true;
  }

  protected override fire(): void {
    const over = this.#open.filter(({ end }) => end - 1 <= this.watermark).sort((a, b) => a.end - b.end);
    this.#open = this.#open.filter((session) => !over.includes(session));
    for (const { events } of over) rowsOf(events).forEach(this.emit);
  }
}

/** The starts of all windows that hold a time. */
function startsOf(time: number): number[] {
  const last = Math.floor(time / SLIDE) * SLIDE;
  return [last - 2 * SLIDE, last - SLIDE, last].filter((start) => start + SIZE > time);
}

/** The windows of one partition, with an event in each that holds it. */
class Overlaps extends ByEventTime {
  #open = new Map<number, Event[]>();

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take(event: Event): boolean {
    const starts = startsOf(event.time).filter((start) => start + SIZE - 1 > this.watermark);
    for (const start of starts) this.#open.set(start, [...this.#open.get(start) ?? [], event]);
    return starts.length > 0;
  }

  protected override fire(): void {
    const over = [...this.#open].filter(([start]) => start + SIZE - 1 <= this.watermark).sort(([a], [b]) => a - b);
    for (const [start, events] of over) {
      this.#open.delete(start);
      for (const [, all] of Map.groupBy(events, ({ user }) => user)) rowsOf(all).forEach(this.emit);
    }
  }
}
