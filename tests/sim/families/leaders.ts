/**
 * `topN` of items that rise, fall, go and end, and its expected results.
 *
 * @module
 */
import { map } from "rxjs";
import { topN } from "@tidemark/streams";
import { DISORDER, type Event } from "../traffic.ts";
import type { Expected, OwnFamily, Row } from "./family.ts";

const LEADERS = "leaders";
const BEST = 2;
/** After how long an item ends without a new event, in milliseconds. */
const ENDS = 20_000;
const itemOf = ({ n }: Event) => n % 5;
const scoreOf = ({ n }: Event) => n % 9 === 0 ? undefined : n % 7;

export const leaders: OwnFamily = {
  name: LEADERS,
  share: 0.15,
  dice: 0x1ead,
  pipeline: (events) =>
    events.pipe(
      topN({ name: LEADERS, group: ({ user }) => user, key: itemOf, n: BEST, by: scoreOf, ttl: { after: ENDS } }),
      map(({ group, key, value, change }) => ({ user: group, key, n: value.n, change })),
    ),
  expected: (emit) => new Leaders(emit),
};

interface Item {
  readonly event: Event;
  readonly since: number;
  /** When it has last been refreshed. */
  readonly at: number;
}

/** The items of one partition, sorted anew each time. */
class Leaders implements Expected {
  #watermark = -Infinity;
  #items: Item[] = [];
  #since = 0;

  constructor(readonly emit: (row: Row) => void) {}

  add(event: Event): boolean {
    const { user, time } = event;
    this.#changing(user, () => {
      const before = this.#items.find((one) => one.event.user === user && itemOf(one.event) === itemOf(event));
      this.#items = this.#items.filter((one) => one !== before);
      if (scoreOf(event) === undefined) return;
      const since = before && scoreOf(before.event) === scoreOf(event) ? before.since : ++this.#since;
      const now = Math.max(time, this.#watermark);
      this.#items.push({ event, since, at: Math.max(before?.at ?? now, now) });
    });
    this.#advance(time - DISORDER - 1);
    return true;
  }

  end(): void {
    this.#advance(Infinity);
  }

  #advance(watermark: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    const ends = this.#items.map(({ at }) => at + ENDS).filter((end) => end <= watermark).sort((a, b) => a - b);
    for (const end of new Set(ends)) {
      for (const user of new Set(this.#items.map(({ event }) => event.user))) {
        this.#changing(user, () => {
          this.#items = this.#items.filter(({ event, at }) => event.user !== user || at + ENDS > end);
        });
      }
    }
  }

  #changing(user: string, change: () => void): void {
    const before = this.#best(user);
    change();
    const after = this.#best(user);
    const say = (events: readonly Event[], change: "added" | "removed") => {
      for (const event of events) this.emit({ user, key: itemOf(event), n: event.n, change } as Row);
    };
    say(before.filter((event) => !after.includes(event)), "removed");
    say(after.filter((event) => !before.includes(event)), "added");
  }

  #best(user: string): Event[] {
    return this.#items.filter(({ event }) => event.user === user)
      .sort((a, b) => scoreOf(b.event)! - scoreOf(a.event)! || a.since - b.since)
      .slice(0, BEST).map(({ event }) => event);
  }
}
