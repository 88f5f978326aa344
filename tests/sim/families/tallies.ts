/**
 * The window without an end: a result after so many events of a user, with those since the last one, and the rest at
 * the end of the input. With its expected results.
 *
 * @module
 */
import { map } from "rxjs";
import { collect, everyCount, globalWindow } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import type { Expected, OwnFamily, Row } from "./family.ts";

const TALLIES = "tallies";
const SIZE = 4;

export const tallies: OwnFamily = {
  name: TALLIES,
  share: 0.1,
  dice: 0x7a111e5,
  pipeline: (events) =>
    events.pipe(
      globalWindow({
        name: TALLIES,
        key: ({ user }) => user,
        aggregate: collect(),
        trigger: everyCount(SIZE),
        panes: "discard",
      }),
      map(({ key, value, pane, index }) => ({ user: key, all: value.map(({ n }) => n), pane, index })),
    ),
  expected: (emit) => new Tallies(emit),
};

/** The events of each user of one partition since the user's last result. */
class Tallies implements Expected {
  readonly #open = new Map<string, { all: number[]; index: number }>();

  constructor(readonly emit: (row: Row) => void) {}

  add({ user, n }: Event): boolean {
    const tally = this.#open.get(user) ?? { all: [], index: 0 };
    this.#open.set(user, tally);
    tally.all.push(n);
    if (tally.all.length === SIZE) this.#fire(user, "early");
    return true;
  }

  end(): void {
    for (const [user, { all }] of this.#open) if (all.length > 0) this.#fire(user, "onTime");
  }

  #fire(user: string, pane: string): void {
    const tally = this.#open.get(user)!;
    this.emit({ user, all: tally.all, pane, index: tally.index++ } as Row);
    tally.all = [];
  }
}
