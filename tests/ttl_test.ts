/** States with a time to live: in jobs, through crashes, in the store, and where a state gets one later. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, type Observable, tap } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import {
  eventTime,
  keyedProcess,
  list,
  map,
  memory,
  type ProcessStateOptions,
  type Ttl,
  typed,
  value,
  watermark,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { CommittingTask } from "./support/committing_task.ts";
import { at, events, outcome } from "./support/events.ts";
import { ManualClock, refusal, until } from "./support/jobs.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";
import { type Visit, visits } from "./support/throwing.ts";

interface Seen {
  readonly user: string;
  readonly last: number | undefined;
  readonly tens: readonly number[];
  readonly all: readonly number[];
}

/** What is known of a user at each visit, before it. */
function known(log: MemoryLog, ttl: Ttl | undefined): Observable<unknown> {
  return log.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 3 }),
    keyedProcess({
      name: "known",
      key: ({ user }: Visit) => user,
      state: { last: value<number>({ ttl }), tens: map<number, number>({ ttl }), all: list<number>({ ttl }) },
      emits: typed<Seen>(),
      next({ at }, { key, state: { last, tens, all }, emit }) {
        const visited: number[] = [];
        tens.forEach((_, ten) => visited.push(ten));
        emit({ user: key, last: last.get(), tens: visited.sort(), all: all.values() });
        last.set(at);
        tens.set(Math.floor(at / 10), at);
        all.append(at);
      },
    }),
    log.sink("known", { key: (row) => row.user }),
  );
}

const STATES = ["last", "tens", "all"] as const;
const STATES_OF_KEPT = ["kept/one", "kept/by", "kept/all"];

describe("a state with a time to live", () => {
  it("is not seen once its time is over, by the times of the records, and is gone when the watermark says so", async () => {
    await using test = await testPipeline(known(memory(), { after: 10 }), { start: 1000 });
    const sizes = () => STATES.map((state) => test.state(`known/${state}`).size);
    await test.push("visits", visits(["ada", 0], ["ada", 9], ["ada", 18]));
    assertEquals(test.results("known"), [
      { user: "ada", tens: [], all: [] },
      { user: "ada", last: 0, tens: [0], all: [0] },
      // The first visit is over; its ten was entered anew by the second.
      { user: "ada", last: 9, tens: [0], all: [9] },
    ]);
    // The watermark is 14.
    assertEquals(sizes(), [1, 2, 2]);
    await test.push("visits", visits(["bob", 33]));
    assertEquals(sizes(), [1, 1, 1], "only Bob's, for the watermark is 29");
    await test.push("visits", visits(["ada", 31]));
    assertEquals(test.results("known").at(-1), { user: "ada", tens: [], all: [] });
  });

  it("ends by its own time where it was deleted and is set again at an earlier one", () => {
    const sizes: number[] = [];
    const ttl: Ttl = { after: 10 };
    const job = new HandMadeTask().run(
      jobSource<{ at: number; do: "set" | "delete" | "size" }>("rows").pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 20 }),
        keyedProcess({
          name: "kept",
          key: () => "a",
          state: { one: value<number>({ ttl }), by: map<string, number>({ ttl }), all: list<number>({ ttl }) },
          emits: typed<number>(),
          next({ at, do: deed }, { state: { one, by, all }, emit }) {
            if (deed === "size") return emit(by.size);
            one[deed as "set"](at);
            by[deed as "set"]("x", at);
            if (deed === "set") all.append(at);
            else all.clear();
          },
        }),
        tap((size) => void sizes.push(size)),
      ),
    );
    const push = (at: number, deed: "set" | "delete" | "size") => job.push("rows", { at, do: deed }, { timestamp: at });
    push(20, "set");
    push(20, "delete");
    push(5, "set");
    push(14, "size");
    // The second ends at 15, and the first would have ended at 30.
    push(36, "size");
    assertEquals(sizes, [1, 0]);
    assertEquals(STATES_OF_KEPT.map((name) => job.openState({ name } as never).size), [0, 0, 0]);
  });

  it("by the wall clock is gone after that time, without a record", async () => {
    await using test = await testPipeline(known(memory(), { after: 5000, clock: "processing" }), { start: 1000 });
    const sizes = () => STATES.map((state) => test.state(`known/${state}`).size);
    await test.push("visits", visits(["ada", 0], ["ada", 9], ["ada", 1000]));
    assertEquals(test.results("known").at(-1), { user: "ada", last: 9, tens: [0], all: [0, 9] });
    await test.advance(4999);
    assertEquals(sizes(), [1, 2, 3]);
    await test.advance(1000);
    assertEquals(sizes(), [0, 0, 0]);
  });

  it("by the wall clock is not seen after that time without a job", () => {
    new TestScheduler((actual, expected) => assertEquals(actual, expected)).run(({ hot, expectObservable }) => {
      const first = keyedProcess({
        key: (word: string) => word,
        state: { seen: value<boolean>({ ttl: { after: 4, clock: "processing" } }) },
        next(word, { state: { seen }, emit }) {
          if (seen.get()) return;
          seen.set(true);
          emit(word);
        },
      });
      expectObservable(hot("a-aaab-ba-|").pipe(first)).toBe("a---ab--a-|");
    });
  });

  it("comes through crashes as everything else does", async () => {
    const times = [1, 5, 3, 9, 22, 20, 24, 40, 41, 39, 70, 75, 90];
    const input = visits(...times.map((at, index) => [["ada", "bob"][index % 2], at] as const));
    for (const refresh of ["write", "read"] as const) {
      for (const partitions of [1, 2]) {
        const report = await crashTest(() => known(memory(), { after: 12, refresh }), input, { partitions });
        assert(report.crashes > 20);
      }
    }
  });

  it("leaves as much in the store after ten times the data as after one", async () => {
    const ttl: Ttl = { after: 50 };
    const bytes: number[] = [];
    for (const times of [1, 10]) {
      const task = await CommittingTask.run(
        jobSource<Visit>("visits").pipe(
          eventTime(({ at }) => at),
          watermark({ maxOutOfOrderness: 0 }),
          keyedProcess({
            name: "known",
            key: ({ user }) => user,
            state: { last: value<number>({ ttl }), tens: map<number, number>({ ttl }), all: list<number>({ ttl }) },
            next({ at }, { state: { last, tens, all } }) {
              last.set(at);
              tens.set(Math.floor(at / 10), at);
              all.append(at);
            },
          }),
        ),
      );
      for (let n = 0; n < 1500 * times; n++) {
        task.push("visits", { user: `user ${n % 100} of ${Math.floor(n / 500)}`, at: n });
        if (n % 20 === 19) await task.commit();
      }
      const { size } = task.owner.states;
      assertEquals(size <= 3 * 51, true, `${size} cells`);
      bytes.push(await task.storedBytes());
    }
    assert(bytes[1] < 1.3 * bytes[0], `${bytes} bytes`);
  });

  it("may get its time to live later, and ages what was there from then on", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), options = { name: "known", state: kv, log: () => {} };
    const readOn = async (ttl: Ttl | undefined, ...more: Parameters<typeof visits>) => {
      log.append("visits", visits(...more));
      const job = await runWith(known(log, ttl), options, new ManualClock());
      const read = log.records("visits").length;
      await until("the visits to be read", () => log.records("known").length === read, job);
      await job.stop();
    };
    await readOn(undefined, ["ada", 0], ["bob", 5]);
    await readOn({ after: 10 }, ["ada", 11], ["ada", 12]);
    // The watermark was 1 when the state got its time to live, so what was there ends at 11.
    assertEquals(log.read("known").slice(2), [
      { user: "ada", tens: [], all: [] },
      { user: "ada", last: 11, tens: [1], all: [11] },
    ]);
    assertMatch(
      await refusal(known(log, undefined), options),
      /^Cannot open the state of keyedProcess "known\/(last|tens|all)": its values have version/,
    );
    // The watermark was 8 when it got another one: nothing is gone yet, and now nothing ends.
    await readOn({ after: Infinity }, ["ada", 500]);
    assertEquals(log.read<Seen>("known").at(-1)!.all, [0, 11, 12]);
  });

  it("is migrated by its own version", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), options = { name: "last", state: kv, log: () => {} };
    const last = (state: ProcessStateOptions) =>
      log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 0 }),
        keyedProcess({
          name: "last",
          key: ({ user }) => user,
          state: { at: value<number>({ ...state, ttl: { after: 100 } }) },
          emits: typed<{ before: number | undefined }>(),
          next({ at }, { state, emit }) {
            emit({ before: state.at.get() });
            state.at.set(at);
          },
        }),
        log.sink("last"),
      );
    const negative = { version: 2, migrate: (before: unknown) => -(before as number) };
    for (const [index, state] of [{}, negative].entries()) {
      log.append("visits", visits(["ada", 7 + index]));
      const job = await runWith(last(state), options, new ManualClock());
      await until("the visit to be read", () => log.records("last").length === index + 1, job);
      await job.stop();
    }
    assertEquals(log.read("last"), [{}, { before: -7 }]);
  });

  it("needs a watermark above it where its clock is event time, and event time at its records", () => {
    const stage = () =>
      keyedProcess({
        name: "p",
        key: () => "all",
        state: { last: value<number>({ ttl: { after: 10 } }) },
        next: (_, { state }) => state.last.set(1),
      });
    const { error } = outcome(from(events(1)).pipe(at, stage()));
    assertEquals(
      String(error).startsWith('TypeError: Cannot run keyedProcess "p": it would never fire, because no watermark()'),
      true,
      String(error),
    );
  });

  it("is refused with words where its options are none", () => {
    const wrong: [unknown, string][] = [
      [10, "must be { after, refresh, clock }, current value is 10"],
      [{ after: 0 }, 'needs "after", a whole number of milliseconds above 0, current value is 0'],
      [{ after: 1.5 }, 'needs "after", a whole number of milliseconds above 0, current value is 1.5'],
      [{ after: 1, refresh: "both" }, 'has "refresh", which must be "write" or "read", current value is both'],
      [{ after: 1, clock: "wall" }, 'has "clock", which must be "event" or "processing", current value is wall'],
    ];
    for (const [ttl, sentence] of wrong) {
      const { message } = assertThrows(
        () => keyedProcess({ key: () => 1, state: { last: value({ ttl: ttl as Ttl }) }, next: () => {} }),
        TypeError,
      );
      assertEquals(message, `Cannot create a keyed process: ttl of state "last" ${sentence}`);
    }
  });
});
