/**
 * Sessions of the users that merge, with early panes and late ones, and their expected results.
 *
 * @module
 */
import { map } from "rxjs";
import { everyCount, sessionWindow } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";
import { countInPlace } from "./in_place.ts";

const SESSIONS = "sessions";
/** How long a user must be silent, and how long a session that has fired is kept, in milliseconds. */
const GAP = 8_000;
const KEPT = 12_000;
const EARLY = 3;

export const sessions: OwnFamily = {
  name: SESSIONS,
  share: 0.15,
  dice: 0x5e5510,
  pipeline: (events) =>
    events.pipe(
      sessionWindow({
        name: SESSIONS,
        key: ({ user }) => user,
        gap: GAP,
        allowedLateness: KEPT,
        aggregate: countInPlace(),
        trigger: { early: everyCount(EARLY) },
      }),
      map(({ key, window, value, pane, index }) => ({ user: key, ...window, n: value, pane, index })),
    ),
  expected: (emit) => new Sessions(emit),
};

interface Session {
  readonly user: string;
  start: number;
  end: number;
  n: number;
  since: number;
  index: number;
}

/** A result. */
interface Row {
  readonly user: string;
  readonly start: number;
  readonly end: number;
  readonly n: number;
  readonly pane: string;
  readonly index: number;
}

/** The sessions of one partition, all of them searched for each event. */
class Sessions extends ByEventTime {
  #open: Session[] = [];

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take({ user, time }: Event): boolean {
    const session: Session = { user, start: time, end: time + GAP, n: 1, since: 1, index: 0 };
    const touched = this.#open.filter((one) => one.user === user && one.end >= time && one.start <= time + GAP);
    const late = touched.length === 0 && time + GAP - 1 + KEPT <= this.watermark;
    if (!late) {
      for (const { start, end, n, since, index } of touched) {
        session.start = Math.min(session.start, start);
        session.end = Math.max(session.end, end);
        session.n += n;
        session.since += since;
        session.index += index;
      }
      this.#open = [...this.#open.filter((one) => !touched.includes(one)), session];
      if (session.end - 1 <= this.watermark) this.#fire(session, "late");
      else if (session.since >= EARLY) this.#fire(session, "early");
    }
    return !late;
  }

  protected override fire(before: number): void {
    const { watermark } = this;
    const due = this.#open.filter(({ end }) => end - 1 > before && end - 1 <= watermark);
    for (const session of due.sort((a, b) => a.end - b.end)) this.#fire(session, "onTime");
    this.#open = this.#open.filter(({ end }) => end - 1 + KEPT > watermark);
  }

  #fire(session: Session, pane: string): void {
    const { user, start, end, n } = session;
    session.since = 0;
    this.emit({ user, start, end, n, pane, index: session.index++ });
  }
}
