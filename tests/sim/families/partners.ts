/**
 * `intervalJoin` of the even events of a user with the odd ones, with rows of both sides, and its expected rows.
 *
 * @module
 */
import { filter, type Observable } from "rxjs";
import { intervalJoin } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";

const PARTNERS = "partners";
/** A partner's event is up to so much before an even event, and after it, in milliseconds. */
const BEFORE = 3000, AFTER = 7000;

export const partners: OwnFamily = {
  name: PARTNERS,
  share: 0.1,
  dice: 0x9a47e5,
  pipeline,
  expected: (emit) => new Partners(emit),
};

interface Row {
  readonly user: string;
  readonly even: number | null;
  readonly odd: number | null;
}

function pipeline(events: Observable<Event>): Observable<Row> {
  const odd = events.pipe(filter(({ n }) => n % 2 !== 0));
  return events.pipe(
    filter(({ n }) => n % 2 === 0),
    intervalJoin(odd, {
      name: PARTNERS,
      key: ({ user }) => user,
      rightKey: ({ user }) => user,
      lower: -BEFORE,
      upper: AFTER,
      type: "full",
      join: (even, odd): Row => ({ user: (even ?? odd)!.user, even: even?.n ?? null, odd: odd?.n ?? null }),
    }),
  );
}

interface Waiting extends Event {
  readonly place: number;
  readonly leaves: number;
  paired: boolean;
}

/** The rows of one partition: all events that have not left are searched for each event. */
class Partners extends ByEventTime {
  #waiting: Waiting[] = [];
  #place = 0;

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take(event: Event): boolean {
    const { user, n, time } = event;
    const late = time < this.watermark;
    const even = n % 2 === 0;
    if (!late) {
      const own = { ...event, place: this.#place++, leaves: time + (even ? AFTER : BEFORE), paired: false };
      for (const other of this.#waiting.filter((one) => one.user === user && (one.n % 2 === 0) !== even).sort(byTime)) {
        const apart = even ? other.time - time : time - other.time;
        if (apart < -BEFORE || apart > AFTER) continue;
        own.paired = other.paired = true;
        this.emit({ user, even: even ? n : other.n, odd: even ? other.n : n });
      }
      this.#waiting.push(own);
    }
    return !late;
  }

  protected override fire(): void {
    const { watermark } = this;
    const left = this.#waiting.filter(({ leaves }) => leaves <= watermark);
    this.#waiting = this.#waiting.filter(({ leaves }) => leaves > watermark);
    const inOrder = left.sort((a, b) =>
      a.leaves - b.leaves || Math.abs(a.n % 2) - Math.abs(b.n % 2) || a.place - b.place
    );
    for (const { user, n, paired } of inOrder) {
      if (!paired) this.emit(n % 2 === 0 ? { user, even: n, odd: null } : { user, even: null, odd: n });
    }
  }
}

/** Of one time, the one that came first. */
function byTime(a: Waiting, b: Waiting): number {
  return a.time - b.time || a.place - b.place;
}
