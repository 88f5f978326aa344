/**
 * `temporalJoin` of the even events of a user with a table of the odd ones, and its expected rows.
 *
 * @module
 */
import { temporalJoin } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";
import { deletes, evens, isEven, odds, type WithOdd, withOdd } from "./odds.ts";

const VERSIONS = "versions";

export const versions: OwnFamily = {
  name: VERSIONS,
  share: 0.1,
  dice: 0x7e4905,
  pipeline: (events) => evens(events).pipe(temporalJoin(odds(events), { ...withOdd, name: VERSIONS })),
  expected: (emit) => new Versions(emit),
};

/** The rows of one partition: all changes that are kept are searched for each event that is reached. */
class Versions extends ByEventTime {
  #waiting: Event[] = [];
  #changes: Event[] = [];

  constructor(readonly emit: (row: WithOdd) => void) {
    super();
  }

  protected override take(event: Event): boolean {
    if (!isEven(event)) {
      const isNewer = ({ user, time }: Event) => user === event.user && time > event.time;
      if (this.#changes.some((one) => isNewer(one) && one.time <= this.watermark)) return true;
      this.#changes = this.#changes.filter(({ user, time }) => user !== event.user || time !== event.time);
      this.#changes.push(event);
      return true;
    }
    if (event.time <= this.watermark) return false;
    this.#waiting.push(event);
    return true;
  }

  protected override fire(): void {
    const { watermark } = this;
    const reached = this.#waiting.filter(({ time }) => time <= watermark).sort((a, b) => a.time - b.time);
    this.#waiting = this.#waiting.filter(({ time }) => time > watermark);
    for (const { user, n, time } of reached) {
      const row = newest(this.#changes.filter((change) => change.user === user && change.time <= time));
      this.emit({ user, n, odd: row === undefined || deletes(row) ? null : { n: row.n } });
    }
    for (const user of new Set(this.#changes.map((change) => change.user))) this.#forget(user);
  }

  /** Forgets what nothing asks for any more: all but the newest change that is reached, and that if it deletes. */
  #forget(user: string): void {
    const reached = this.#changes.filter((change) => change.user === user && change.time <= this.watermark);
    const row = newest(reached);
    this.#changes = this.#changes.filter((change) => !reached.includes(change) || (change === row && !deletes(row)));
  }
}

function newest(changes: readonly Event[]): Event | undefined {
  return changes.toSorted((a, b) => b.time - a.time)[0];
}
