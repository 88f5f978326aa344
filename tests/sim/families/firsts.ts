/**
 * `deduplicate` of events that come out of order, some of them too late to be judged, and its expected results.
 *
 * @module
 */
import { map } from "rxjs";
import { deduplicate } from "@tidemark/streams";
import { DISORDER, type Event } from "../traffic.ts";
import type { Expected, OwnFamily } from "./family.ts";

const FIRSTS = "firsts";
/** How close two events of a user must be, in milliseconds, so that only the first counts. */
const WITHIN = 7000;

export const firsts: OwnFamily = {
  name: FIRSTS,
  share: 0.15,
  dice: 0xf12575,
  pipeline: (events) =>
    events.pipe(
      deduplicate({ name: FIRSTS, key: ({ user }) => user, within: WITHIN }),
      map(({ user, n, time }) => ({ user, n, time })),
    ),
  expected: (emit): Expected => {
    const passed: Event[] = [];
    let highest = -Infinity;
    return {
      add(event) {
        const { user, time } = event;
        const late = time < highest - DISORDER - 1 - WITHIN;
        const near = passed.some((one) => one.user === user && Math.abs(one.time - time) < WITHIN);
        if (!late && !near) {
          passed.push(event);
          emit(event);
        }
        highest = Math.max(highest, time);
        return !late;
      },
      end() {},
    };
  },
};
