/** What the operators with state by key leave in the store: after ten times the data as much as after one. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { OperatorFunction } from "rxjs";
import {
  changes,
  deduplicate,
  eventTime,
  keyedProcess,
  keyedReduce,
  list,
  map,
  topN,
  value,
  watermark,
} from "@tidemark/streams/operators";
import { CommittingTask } from "./support/committing_task.ts";
import { jobSource } from "./support/task_host.ts";

interface Row {
  readonly user: string;
  readonly at: number;
}

const key = ({ user }: Row) => user;
const ttl = { after: 40 };

/** Users come for a while and never again. */
const OPERATORS: Record<string, OperatorFunction<Row, unknown>> = {
  "keyedReduce that forgets its keys": keyedReduce({
    name: "s",
    key,
    initial: 0,
    reduce: (total: number) => total === 4 ? undefined : total + 1,
  }),
  "keyedProcess with timers": keyedProcess({
    name: "s",
    key,
    state: { left: value<number>(), by: map<number, { at: number }>(), all: list<number>() },
    next({ at }: Row, { state: { left, by, all }, timers }) {
      if (left.get() !== undefined) timers.delete(left.get()!);
      left.set(at + 40);
      timers.set(at + 40);
      by.set(at % 3, { at });
      all.append(at);
    },
    timer(_time, { state: { left, by, all } }) {
      left.delete();
      by.clear();
      all.clear();
    },
  }),
  "keyedProcess with a time to live": keyedProcess({
    name: "s",
    key,
    state: {
      one: value<number>({ ttl }),
      by: map<number, number>({ ttl }),
      all: list<number>({ ttl: { ...ttl, refresh: "read" } }),
    },
    next({ at }: Row, { state: { one, by, all } }) {
      one.set(at);
      by.set(at % 3, at);
      all.append(at);
      all.at(0);
    },
  }),
  deduplicate: deduplicate({ name: "s", key, within: 10 }),
  changes: changes({ name: "s", key, ttl }),
  topN: topN({ name: "s", group: key, key: ({ at }) => at % 7, n: 2, by: ({ at }) => at, ttl }),
};

/** The most cells and bytes that there were after each tenth of so many records. */
async function peaks(records: number, operator: OperatorFunction<Row, unknown>): Promise<[number, number][]> {
  const task = await CommittingTask.run(
    jobSource<Row>("rows").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      operator,
    ),
  );
  const tenths = Array.from({ length: 10 }, (): [number, number] => [0, 0]);
  for (let at = 0; at < records; at++) {
    task.push("rows", { user: `user ${Math.floor(at / 100)} ${at % 20}`, at }, { timestamp: at });
    if (at % 10 < 9) continue;
    await task.commit();
    const tenth = tenths[Math.floor(10 * at / records)];
    tenth[0] = Math.max(tenth[0], task.owner.states.size);
    if (at % 50 === 49) tenth[1] = Math.max(tenth[1], await task.storedBytes());
  }
  assertEquals(task.task.failure, undefined);
  return tenths;
}

describe("the store after ten times the data", () => {
  for (const [name, operator] of Object.entries(OPERATORS)) {
    it(`has as much of ${name} as after one`, async () => {
      const [first, ...later] = await peaks(30_000, operator);
      for (const [cells, bytes] of later) {
        assert(cells <= 1.1 * first[0], `${first[0]} cells, and later ${cells}`);
        assert(bytes <= 1.3 * first[1], `${first[1]} bytes, and later ${bytes}`);
      }
    });
  }
});
