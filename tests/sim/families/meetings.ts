/**
 * `windowJoin` of the even events of a user with the others, with rows of both sides, and its expected rows.
 *
 * @module
 */
import { filter, type Observable } from "rxjs";
import { windowJoin } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";

const MEETINGS = "meetings";
/** How long a window is, and how far it is shifted, in milliseconds. */
const SIZE = 8000, OFFSET = 1000;

export const meetings: OwnFamily = {
  name: MEETINGS,
  share: 0.1,
  dice: 0x3ee715,
  pipeline,
  expected: (emit) => new Meetings(emit),
};

interface Row {
  readonly user: string;
  readonly even: number | null;
  readonly odd: number | null;
}

const isEven = ({ n }: Event) => n % 2 === 0;

function pipeline(events: Observable<Event>): Observable<Row> {
  return events.pipe(
    filter(isEven),
    windowJoin(events.pipe(filter((event) => !isEven(event))), {
      name: MEETINGS,
      window: { size: SIZE, offset: OFFSET },
      key: ({ user }) => user,
      rightKey: ({ user }) => user,
      type: "full",
      join: (even, odd): Row => ({ user: (even ?? odd)!.user, even: even?.n ?? null, odd: odd?.n ?? null }),
    }),
  );
}

function lastOf({ time }: Event): number {
  return Math.floor((time - OFFSET) / SIZE) * SIZE + OFFSET + SIZE - 1;
}

/** The rows of one partition, with all open events searched for each window that is over. */
class Meetings extends ByEventTime {
  #open: Event[] = [];

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take(event: Event): boolean {
    if (lastOf(event) <= this.watermark) return false;
    this.#open.push(event);
    return true;
  }

  protected override fire(): void {
    const over = this.#open.filter((event) => lastOf(event) <= this.watermark);
    this.#open = this.#open.filter((event) => lastOf(event) > this.watermark);
    const windows = Map.groupBy(over, (event) => lastOf(event));
    for (const [, events] of [...windows].sort(([a], [b]) => a - b)) {
      for (const [user, all] of Map.groupBy(events, (event) => event.user)) {
        const even = all.filter(isEven).map(({ n }) => n), odd = all.filter((one) => !isEven(one)).map(({ n }) => n);
        for (const left of even.length > 0 ? even : [null]) {
          for (const right of odd.length > 0 ? odd : [null]) this.emit({ user, even: left, odd: right });
        }
      }
    }
  }
}
