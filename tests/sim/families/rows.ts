/**
 * Windows of so many events of a user, and a look back from each event, with their expected results.
 *
 * @module
 */
import { map } from "rxjs";
import { collect, count, countWindow, overWindow } from "@tidemark/streams";
import { DISORDER, type Event } from "../traffic.ts";
import type { Expected, OwnFamily, Row } from "./family.ts";

const COUNTED = "counted";
const LOOKED = "looked";
const SIZE = 5;
const SLIDE = 3;
const RANGE = 20_000;

export const counted: OwnFamily = {
  name: COUNTED,
  share: 0.12,
  dice: 0xc0047,
  pipeline: (events) =>
    events.pipe(
      countWindow({ name: COUNTED, key: ({ user }) => user, size: SIZE, slide: SLIDE, aggregate: collect() }),
      map(({ key, window, value }) => ({ user: key, ...window, all: value.map(({ n }) => n) })),
    ),
  expected: (emit) => new Counted(emit),
};

export const looked: OwnFamily = {
  name: LOOKED,
  share: 0.12,
  dice: 0x100ced,
  pipeline: (events) =>
    events.pipe(
      overWindow({ name: LOOKED, key: ({ user }) => user, range: RANGE, aggregate: count() }),
      map(({ key, record, value }) => ({ user: key, n: record.n, value })),
    ),
  expected: (emit) => new Looked(emit),
};

/** All events of each user. */
class Counted implements Expected {
  readonly #events = new Map<string, Event[]>();

  constructor(readonly emit: (row: Row) => void) {}

  add(event: Event): boolean {
    const { user } = event;
    const events = [...this.#events.get(user) ?? [], event];
    this.#events.set(user, events);
    if (events.length % SLIDE !== 0) return true;
    const last = events.slice(-SIZE);
    const times = last.map(({ time }) => time);
    const row = { user, start: Math.min(...times), end: Math.max(...times) + 1, all: last.map(({ n }) => n) };
    this.emit(row as Row);
    return true;
  }

  end(): void {}
}

/** All events that were in time. */
class Looked implements Expected {
  #watermark = -Infinity;
  readonly #events: Event[] = [];

  constructor(readonly emit: (row: Row) => void) {}

  add(event: Event): boolean {
    const late = event.time <= this.#watermark;
    if (!late) this.#events.push(event);
    this.#advance(event.time - DISORDER - 1);
    return !late;
  }

  end(): void {
    this.#advance(Infinity);
  }

  #advance(watermark: number): void {
    if (watermark <= this.#watermark) return;
    const due = this.#events.filter(({ time }) => time > this.#watermark && time <= watermark);
    this.#watermark = watermark;
    for (const { user, time, n } of due.sort((a, b) => a.time - b.time)) {
      const within = this.#events.filter((one) => one.user === user && one.time >= time - RANGE && one.time <= time);
      this.emit({ user, n, value: within.length } as Row);
    }
  }
}
