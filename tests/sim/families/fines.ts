/**
 * Windows of some users whose results a function below them refuses. They go to the dead letters, also when the end of the
 * input has fired them.
 *
 * @module
 */
import { map } from "rxjs";
import { tumblingWindow } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily, type Row } from "./family.ts";
import { countInPlace } from "./in_place.ts";

const FINES = "fines";
/** The size of the windows, in milliseconds. */
const SIZE = 9_000;

export const fines: OwnFamily = {
  name: FINES,
  share: 0.1,
  dice: 0xf14e5,
  isLetter: (row) => row instanceof Letter,
  pipeline: (events) =>
    events.pipe(
      tumblingWindow({ name: FINES, key: ({ user }) => user, size: SIZE, aggregate: countInPlace() }),
      map(({ key, window, value }): Fine => {
        if (isRefused(key)) throw new RangeError(`nobody fines ${key}`);
        return { user: key, start: window.start, n: value };
      }),
    ),
  expected: (emit) => new Fines(emit),
};

interface Fine extends Row {
  readonly start: number;
  readonly n: number;
}

/** Each user's windows are all refused, or none: the key of a result says where it lies, and a dead letter has none. */
function isRefused(user: string): boolean {
  return Number(user.split("-")[1]) % 3 === 1;
}

/** A dead letter, as it is in the topic. */
class Letter implements Row {
  constructor(readonly user: string, readonly start: number, readonly n: number) {}

  toJSON(): unknown {
    const { user, start, n } = this;
    return { window: FINES, key: user, window_start_ms: start, index: 0, accumulator: { n } };
  }
}

/** The windows of one partition. */
class Fines extends ByEventTime {
  readonly #open = new Map<string, { readonly user: string; readonly start: number; n: number }>();

  constructor(readonly emit: (row: Row) => void) {
    super();
  }

  protected override take({ user, time }: Event): boolean {
    const start = Math.floor(time / SIZE) * SIZE;
    if (start + SIZE - 1 <= this.watermark) return false;
    const name = `${user} ${start}`;
    const window = this.#open.get(name) ?? { user, start, n: 0 };
    this.#open.set(name, window);
    window.n++;
    return true;
  }

  protected override fire(): void {
    const due = [...this.#open].filter(([, { start }]) => start + SIZE - 1 <= this.watermark);
    for (const [name, { user, start, n }] of due.sort(([, one], [, other]) => one.start - other.start)) {
      this.#open.delete(name);
      this.emit(isRefused(user) ? new Letter(user, start, n) : { user, start, n } as Fine);
    }
  }
}
