/**
 * A stage with state and timers, and its expected results. A visit of a user begins with the user's first event and
 * lasts a fixed time. It is emitted when that time has passed.
 *
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { operate } from "../../../operators/_operate.ts";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";

const VISITS = "visits";
/** How long a visit lasts, in milliseconds of event time. */
const LASTS = 15_000;

export const visits: OwnFamily = {
  name: VISITS,
  share: 0.15,
  dice: 0x715175,
  pipeline: (events) => events.pipe(stage()),
  expected: (emit) => new Visits(emit),
};

/** A visit that has ended. */
interface Visit {
  readonly user: string;
  readonly since: number;
  /** How many events it had. */
  readonly n: number;
}

/** The stage. It keeps a user's state until the timer fires. */
function stage(): OperatorFunction<Event, Visit> {
  return operate<Event, Visit>({ operator: "visits", name: VISITS, time: "own", keeps: true }, (stage) => {
    const open = stage.state<string, Omit<Visit, "user">>();
    const timers = stage.timers<string>((user, time) => {
      const cell = open.cell(user);
      const visit = cell.value!;
      open.write(cell, undefined);
      stage.emit({ user, ...visit }, time);
    });
    return {
      next({ user }) {
        const time = stage.eventTime();
        const cell = open.cell(user);
        if (cell.value === undefined) timers.set(user, time + LASTS);
        const { since, n } = cell.value ?? { since: time, n: 0 };
        open.write(cell, { since, n: n + 1 });
      },
    };
  });
}

/** The visits of one partition, computed in the simplest way. */
class Visits extends ByEventTime {
  readonly #open = new Map<string, { since: number; n: number }>();

  constructor(readonly emit: (row: Visit) => void) {
    super();
  }

  protected override take({ user, time }: Event): boolean {
    const visit = this.#open.get(user) ?? { since: time, n: 0 };
    visit.n++;
    this.#open.set(user, visit);
    return true;
  }

  protected override fire(): void {
    const { watermark } = this;
    for (const [user, { since, n }] of this.#open) {
      if (since + LASTS > watermark) continue;
      this.#open.delete(user);
      this.emit({ user, since, n });
    }
  }
}
