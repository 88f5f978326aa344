/**
 * A stage of state and timers in the job, and what must come out of it: a visit of a user lasts a while from its first event on, and is
 * told when that time has come.
 *
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { operate } from "../../operators/_operate.ts";
import { DISORDER, type Event } from "./traffic.ts";

export const VISITS = "visits";
/** How long a visit lasts, in milliseconds of event time. */
const LASTS = 15_000;

/** A visit that is over. */
export interface Visit {
  readonly user: string;
  readonly since: number;
  /** How many events it had. */
  readonly n: number;
}

/** The stage: what it keeps of a user goes when the timer fires. */
export function visits(): OperatorFunction<Event, Visit> {
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

/** The visits of one partition, in the plainest way. */
export class Visits {
  #watermark = -Infinity;
  readonly #open = new Map<string, { since: number; n: number }>();

  constructor(readonly emit: (key: string, row: Visit) => void) {}

  add({ user, time }: Event): void {
    const visit = this.#open.get(user) ?? { since: time, n: 0 };
    visit.n++;
    this.#open.set(user, visit);
    this.#advance(time - DISORDER - 1);
  }

  end(): void {
    this.#advance(Infinity);
  }

  #advance(watermark: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    for (const [user, { since, n }] of this.#open) {
      if (since + LASTS > watermark) continue;
      this.#open.delete(user);
      this.emit(user, { user, since, n });
    }
  }
}
