/**
 * An asynchronous stage above a window. What is in flight is in the checkpoint and is asked again after a crash; its
 * holds keep event time back, so that no answer comes too late for its window.
 *
 * @module
 */
import { map, type MonoTypeOperatorFunction } from "rxjs";
import { count, tumblingWindow } from "@tidemark/streams";
import { operate } from "../../../operators/_operate.ts";
import { asking } from "../../support/asking.ts";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";

const ANSWERS = "answers";
/** The size of the windows, in milliseconds. */
export const SIZE = 7_000;
/** How many events may be in flight. */
const MOST = 6;
/** The longest that an answer takes, in milliseconds of the process. */
const LONGEST = 150;
/** A task may be without an owner for ten seconds, while the group waits for a dead member; then answers take a while. */
const QUIET = 13_000;

export const answers: OwnFamily = {
  name: ANSWERS,
  share: 0.15,
  dice: 0xa5c3d,
  quiet: QUIET,
  pipeline: (events, { after }) =>
    events.pipe(
      onTime(`${ANSWERS}/onTime`),
      asking<Event>(`${ANSWERS}/asking`, ({ n }, answer) => after(1 + (n * 7_919) % LONGEST, answer), MOST),
      tumblingWindow({ name: ANSWERS, key: ({ user }) => user, size: SIZE, aggregate: count() }),
      map(({ key, window, value, pane }) => ({ user: key, start: window.start, n: value, pane })),
    ),
  expected: (emit) => new Answers(emit),
};

/** Leaves out what is behind the watermark: whether that is late below depends on the time that answers take. */
export function onTime(name: string): MonoTypeOperatorFunction<Event> {
  return operate<Event, Event>(
    { operator: "onTime", name, time: "own", keeps: true },
    (stage) => ({
      next(event) {
        if (event.time > stage.watermark) stage.emit(event);
      },
    }),
  );
}

/** A window's result. */
export interface Row {
  readonly user: string;
  readonly start: number;
  n: number;
  readonly pane: string;
}

/** The windows of one partition, as if each answer came at once. */
export class Answers extends ByEventTime {
  readonly #open = new Map<string, Row>();

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take({ user, time }: Event): boolean {
    if (time > this.watermark) {
      const start = Math.floor(time / SIZE) * SIZE;
      const name = `${user} ${start}`;
      const row = this.#open.get(name) ?? { user, start, n: 0, pane: "onTime" };
      this.#open.set(name, row);
      row.n++;
    }
    return true;
  }

  protected override fire(): void {
    const { watermark } = this;
    const due = [...this.#open].filter(([, { start }]) => start + SIZE - 1 <= watermark);
    for (const [name, row] of due.sort(([, one], [, other]) => one.start - other.start)) {
      this.#open.delete(name);
      this.emit(row);
    }
  }
}
