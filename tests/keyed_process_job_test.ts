/** `keyedProcess` in running jobs: restarts, crashes, errors, the wall clock, and what is left of what is over. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Observable } from "rxjs";
import {
  deadLetter,
  eventTime,
  keyedProcess,
  list,
  map,
  memory,
  type RunOptions,
  typed,
  value,
  watermark,
} from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { runWith } from "../runtime/run.ts";
import { header, ManualClock, refusal, until } from "./support/jobs.ts";
import { runInOneEpoch, throwAtBad, type Visit, visits } from "./support/throwing.ts";

interface Stay {
  readonly user: string;
  readonly what: string;
  readonly visits: readonly number[];
  readonly perTen: Readonly<Record<string, number>>;
}

/** How long a user stays without a visit, in milliseconds. */
const STAYS = 10;

interface Checks {
  readonly check?: (visit: Visit) => void;
  readonly checkTimer?: (key: string, time: number) => void;
  readonly clock?: "event" | "processing";
}

/** The stays of each user: states of all kinds, and a timer that is set anew with each visit. */
function stays(log: MemoryLog, { check, checkTimer, clock = "event" }: Checks = {}): Observable<unknown> {
  return log.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 3 }),
    keyedProcess({
      name: "stays",
      key: ({ user }) => user.replace("bad ", ""),
      state: { until: value<number>(), visits: list<number>(), perTen: map<number, { n: number }>() },
      emits: typed<Stay>(),
      next(visit, { state, timers, now, emit, key }) {
        const { at } = visit, ten = Math.floor(at / 10);
        state.visits.append(at);
        state.perTen.set(ten, { n: (state.perTen.get(ten)?.n ?? 0) + 1 });
        const before = state.until.get();
        if (before !== undefined) timers.delete(before, clock);
        state.until.set(Math.max(before ?? 0, (clock === "event" ? at : now) + STAYS));
        timers.set(state.until.get()!, clock);
        check?.(visit);
        emit({ user: key, what: "came", visits: state.visits.values(), perTen: {} });
      },
      timer(time, { key, state, emit }) {
        checkTimer?.(key, time);
        const perTen = Object.fromEntries(state.perTen.entries().map(([ten, { n }]) => [`ten ${ten}`, n]));
        emit({ user: key, what: `left at ${time}`, visits: state.visits.values(), perTen });
        for (const one of [state.visits, state.perTen]) one.clear();
        state.until.delete();
      },
    }),
    log.sink("stays", { key: (row) => row.user }),
  );
}

const rows = (log: MemoryLog) => log.read<Stay>("stays").map((row) => `${row!.user} ${row!.what} ${row!.visits}`);
const begin = (log: MemoryLog, options: Partial<RunOptions>, checks?: Checks) =>
  runWith(stays(log, checks), { name: "visits", state: ":memory:", log: () => {}, ...options }, new ManualClock());

describe("keyedProcess() in a job", () => {
  it("finds states and timers again after each restart", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    for (
      const some of [visits(["ada", 1], ["bob", 2], ["ada", 4]), visits(["eve", 30], ["bob", 36], ["ada", 38]), []]
    ) {
      log.append("visits", some);
      if (some.length === 0) log.end("visits");
      const job = await begin(log, { state: kv });
      const read = log.records("visits").length;
      await until("the visits to be read", () => rows(log).length >= read || some.length === 0, job);
      if (some.length === 0) await job.finished;
      await job.stop();
    }
    assertEquals(rows(log).filter((row) => row.includes("left")), [
      "bob left at 12 2",
      "ada left at 14 1,4",
      "eve left at 40 30",
      "bob left at 46 36",
      "ada left at 48 38",
    ]);
    assertEquals(log.read<Stay>("stays").at(-1)!.perTen, { "ten 3": 1 });
  });

  it("comes through crashes as everything else does, of any partitions and tasks", async () => {
    const times = [1, 5, 3, 9, 22, 20, 24, 40, 41, 39, 70, 75, 90];
    const input = visits(...times.map((at, index) => [["ada", "bob", "eve"][index % 3], at] as const));
    for (const [partitions, tasks] of [[1, "perPartition"], [3, "perPartition"], [3, "single"]] as const) {
      const report = await crashTest(() => stays(memory()), input, { partitions, tasks });
      assert(report.crashes > 20);
    }
  });

  it("fires timers of processing time by the clock of a test", async () => {
    await using test = await testPipeline(stays(memory(), { clock: "processing" }), { start: 1_700_000_000_000 });
    await test.push("visits", { key: "ada", value: { user: "ada", at: 1 } });
    await test.advance(STAYS - 1);
    assertEquals(test.results<Stay>("stays").map(({ what }) => what), ["came"]);
    await test.advance(1000);
    assertEquals(test.results<Stay>("stays").map(({ what }) => what), ["came", "left at 1700000000010"]);
  });

  it("blames the record where next throws, and undoes what it did", async () => {
    const log = memory(), options = { onError: deadLetter(log.sink("failed")) };
    log.append("visits", visits(["ada", 1], ["bad ada", 5], ["ada", 6], ["bob", 9]));
    log.end("visits");
    await (await runInOneEpoch(stays(log, { check: throwAtBad }), options)).finished;
    assertEquals(rows(log), ["ada came 1", "ada came 1,6", "bob came 9", "ada left at 16 1,6", "bob left at 19 9"]);
    const [failed] = log.records("failed");
    assertEquals(header(failed, "tidemark.source"), "visits/0@1");
    assertEquals(header(failed, "tidemark.reason"), 'keyedProcess "stays": there is no user bad ada');
  });

  for (const clock of ["event", "processing"] as const) {
    it(`names a timer of ${clock} time that throws by its key and time, and goes on without it`, async () => {
      const start = 1_700_000_000_000, due = clock === "event" ? 12 : start + STAYS;
      const checkTimer = (key: string) => {
        if (key === "bob") throw new RangeError("bob never leaves");
      };
      const input = visits(["ada", 1], ["bob", 2], ["eve", 40]);
      const time = new ManualClock(start);
      const run = (onError: boolean) => {
        const log = memory();
        log.append("visits", input);
        const pipeline = stays(log, { checkTimer, clock });
        const options = {
          name: "visits",
          state: ":memory:",
          log: () => {},
          onError: onError ? deadLetter(log.sink("failed")) : undefined,
        };
        return { log, pipeline, options };
      };
      if (clock === "event") {
        const { pipeline, options } = run(false);
        assertEquals(
          await refusal(pipeline, options, new ManualClock(start)),
          `Job visits stopped at visits/0@2 in keyedProcess "stays" while the timer of key "bob" at ${due} fired: bob never leaves. ` +
            "Correct the function, or give onError a deadLetter(sink), and start the job again.",
        );
      }
      const { log, pipeline, options } = run(true);
      const job = await runWith(pipeline, options, time);
      await until("the visits to be read", () => rows(log).length >= 3, job);
      await time.advance(1000);
      await until("the others to leave", () => log.records("failed").length > 0, job);
      log.end("visits");
      await job.finished;
      const left = rows(log).filter((row) => row.includes("left"));
      assertEquals(left.map((row) => row.split(" ")[0]), ["ada", "eve"]);
      const [failed, ...more] = log.records("failed");
      assertEquals(more, []);
      assertEquals(JSON.parse(new TextDecoder().decode(failed.value!)), {
        timer: clock === "event" ? "stays/timers" : "stays/timers-processing",
        key: "bob",
        time_ms: due,
      });
      assertEquals(header(failed, "tidemark.reason"), 'keyedProcess "stays": bob never leaves');
    });
  }

  it("migrates each state by its own version", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const counts = (state: ReturnType<typeof value<number>>) =>
      log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
        keyedProcess({
          name: "counts",
          key: ({ user }) => user,
          state: { count: state },
          emits: typed<{ user: string; count: number }>(),
          next(_, { key, state: { count }, emit }) {
            count.set((count.get() ?? 0) + 1);
            emit({ user: key, count: count.get()! });
          },
        }),
        log.sink("counts", { key: ({ user }) => user }),
      );
    const options = { name: "counts", state: kv, log: () => {} };
    const tenfold = { version: 2, migrate: (before: unknown) => 10 * (before as number) };
    for (const state of [value<number>(), value<number>(tenfold)]) {
      log.append("visits", visits(["ada", 1]));
      const job = await runWith(counts(state), options, new ManualClock());
      const read = log.records("visits").length;
      await until("the visit to be read", () => log.records("counts").length === read, job);
      await job.stop();
    }
    assertEquals(log.read("counts"), [{ user: "ada", count: 1 }, { user: "ada", count: 11 }]);
    assertMatch(
      await refusal(counts(value<number>()), options),
      /^Cannot open the state of keyedProcess "counts\/count": its values have version 2, the program has version 1/,
    );
  });

  it("keeps nothing of what is over: after ten times the data as much as after one", async () => {
    const sizes: number[] = [];
    for (const times of [1, 10]) {
      await using test = await testPipeline(stays(memory()), { start: 1_000_000 });
      for (let n = 0; n < 20 * times; n++) {
        await test.push(
          "visits",
          visits(...["ada", "bob", "eve"].map((user, i) => [`${user} ${n}`, 30 * n + i] as const)),
        );
      }
      await test.push("visits", visits(["last", 1_000_000]));
      sizes.push(
        ["until", "visits", "perTen", "timers"].reduce((sum, one) => sum + test.state(`stays/${one}`).size, 0),
      );
    }
    assertEquals(sizes, [4, 4]);
  });
});
