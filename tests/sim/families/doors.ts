/**
 * `changes` of a value that mostly stays, and its expected results.
 *
 * @module
 */
import { map } from "rxjs";
import { changes } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import type { Expected, OwnFamily } from "./family.ts";

const DOORS = "doors";
/** Whether a user's door is open, as an event says it. */
const doorOf = ({ n }: Event) => ({ open: Math.floor(n / 4) % 2 === 0 });

export const doors: OwnFamily = {
  name: DOORS,
  share: 0.15,
  dice: 0xd0025,
  pipeline: (events) =>
    events.pipe(
      changes({ name: DOORS, key: ({ user }) => user, value: doorOf }),
      map(({ key, before, after }) => ({ user: key, before: before?.open, after: after.open })),
    ),
  expected: (emit): Expected => {
    const last = new Map<string, boolean>();
    return {
      add(event) {
        const { user } = event, { open } = doorOf(event), before = last.get(user);
        if (open !== before) emit({ user, before, after: open } as { user: string });
        last.set(user, open);
        return true;
      },
      end() {},
    };
  },
};
