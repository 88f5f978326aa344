/**
 * A small join: a stage with two inputs, a list and a map for each user, and timers. It pairs a user's even events with
 * the odd ones whose times are near, and forgets an event some time after it.
 *
 * @module
 */
import { filter, type Observable } from "rxjs";
import { operate2 } from "../../../operators/_operate.ts";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";

const PAIRS = "pairs";
/** How near two events must be, and how long one is kept, in milliseconds of event time. */
const NEAR = 4_000;
const KEPT = 9_000;

export const pairs: OwnFamily = {
  name: PAIRS,
  share: 0.15,
  dice: 0x9a125,
  pipeline: (events) => join(events.pipe(filter(isEven)), events.pipe(filter((event) => !isEven(event)))),
  expected: (emit) => new Pairs(emit),
};

/** The events that are kept for a user, by their numbers: after an event with its partners, or when some are forgotten. */
interface Row {
  readonly user: string;
  /** The event, or `undefined` when the time has come to forget some. */
  readonly n?: number;
  /** The time of the event, or the time that has come. */
  readonly time: number;
  /** The numbers of the event's partners, or of what is left. */
  readonly partners: readonly number[];
}

interface Kept {
  readonly n: number;
  readonly time: number;
}

function isEven({ n }: Event): boolean {
  return n % 2 === 0;
}

/** The numbers of the events that are near a time, in order. */
function near(kept: Iterable<Kept>, time: number): number[] {
  return [...kept].filter((one) => Math.abs(one.time - time) <= NEAR).map(({ n }) => n).sort((a, b) => a - b);
}

/** The even events are kept in a list, the odd ones in a map. */
function join(even: Observable<Event>, odd: Observable<Event>): Observable<Row> {
  return even.pipe(operate2<Event, Event, Row>(
    { operator: "pairs", name: PAIRS, time: "own", keeps: true },
    odd,
    (stage) => {
      const lists = stage.lists<string, Kept>({ part: "even" });
      const maps = stage.maps<string, number, number>({ part: "odd" });
      const oddOf = (user: string): Kept[] => [...maps.cell(user).entries()].map(([n, time]) => ({ n, time }));
      const timers = stage.timers<string>((user, time) => {
        const list = lists.cell(user), map = maps.cell(user);
        const left = [...list.elements()].filter((one) => one.time + KEPT > time);
        if (left.length < list.size) {
          list.clear();
          for (const one of left) list.append(one);
        }
        for (const one of oddOf(user)) if (one.time + KEPT <= time) map.set(one.n, undefined);
        const partners = [...left, ...oddOf(user)].map(({ n }) => n).sort((a, b) => a - b);
        stage.emit({ user, time, partners }, time);
      });
      const keep = ({ user }: Event, time: number, add: () => void) => {
        if (time + KEPT <= stage.watermark) return;
        timers.set(user, time + KEPT);
        add();
      };
      return {
        left(event) {
          const { user, n, time } = event;
          stage.emit({ user, n, time, partners: near(oddOf(user), time) });
          keep(event, time, () => lists.cell(user).append({ n, time }));
        },
        right(event) {
          const { user, n, time } = event;
          stage.emit({ user, n, time, partners: near(lists.cell(user).elements(), time) });
          keep(event, time, () => maps.cell(user).set(n, time));
        },
      };
    },
  ));
}

/** The pairs of one partition, with all events of a user searched for each one. */
class Pairs extends ByEventTime {
  #kept: Event[] = [];

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take(event: Event): boolean {
    const { user, n, time } = event;
    const others = this.#kept.filter((one) => one.user === user && isEven(one) !== isEven(event));
    this.emit({ user, n, time, partners: near(others, time) });
    if (time + KEPT > this.watermark) this.#kept.push(event);
    return true;
  }

  protected override fire(): void {
    const { watermark } = this;
    const due = new Map<string, Set<number>>();
    for (const { user, time } of this.#kept.filter((one) => one.time + KEPT <= watermark)) {
      due.set(user, (due.get(user) ?? new Set()).add(time + KEPT));
    }
    for (const [user, times] of due) {
      for (const time of [...times].sort((a, b) => a - b)) {
        this.#kept = this.#kept.filter((one) => one.user !== user || one.time + KEPT > time);
        const partners = this.#kept.filter((one) => one.user === user).map(({ n }) => n).sort((a, b) => a - b);
        this.emit({ user, time, partners });
      }
    }
  }
}
