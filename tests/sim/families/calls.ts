/**
 * `asyncMap` above a window, in any order, and below it, in the order of each key. Some calls fail or never answer, and
 * are made again by the clock of the process.
 *
 * @module
 */
import { map } from "rxjs";
import { asyncMap, count, tumblingWindow } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { Answers, onTime, type Row, SIZE } from "./answers.ts";
import type { OwnFamily } from "./family.ts";

const CALLS = "calls";
/** The longest that an answer takes, and what a call may take, in milliseconds of the process. */
const LONGEST = 120;
const TIMEOUT = 200;
/** A task may be without an owner for ten seconds, while the group waits for a dead member; then answers take a while. */
const QUIET = 13_000;
const retry = { count: 3, first: 10, longest: 40 };

export const calls: OwnFamily = {
  name: CALLS,
  share: 0.15,
  dice: 0xca115,
  quiet: QUIET,
  pipeline(events, { after }) {
    /** A service that answers after a while. Of its first calls some have no answer, and some fail. */
    const service = <T>(value: T, n: number, attempt: number): Promise<T> =>
      new Promise((resolve, reject) => {
        if (attempt === 1 && n % 13 === 0) return;
        after(1 + (n * 7_919) % LONGEST, () => attempt < 3 && n % 5 === 0 ? reject(new Error("busy")) : resolve(value));
      });
    return events.pipe(
      onTime(`${CALLS}/onTime`),
      // Some answers are there at once.
      asyncMap((event: Event, { attempt }) => event.n % 2 === 0 ? event : service(event, event.n, attempt), {
        name: `${CALLS}/any`,
        order: "any",
        concurrency: 2,
        timeout: TIMEOUT,
        retry,
      }),
      tumblingWindow({ name: CALLS, key: ({ user }) => user, size: SIZE, aggregate: count() }),
      map(({ key, window, value, pane }) => ({ user: key, start: window.start, n: value, pane })),
      asyncMap((row: Row, { attempt }) => service(row, row.start / 1000 + row.user.length, attempt), {
        name: `${CALLS}/key`,
        order: "key",
        key: ({ user }) => user,
        concurrency: 3,
        timeout: TIMEOUT,
        retry,
      }),
    );
  },
  expected: (emit) => new Answers(emit),
};
