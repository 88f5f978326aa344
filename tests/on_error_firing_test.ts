import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch } from "@std/assert";
import { map } from "rxjs";
import { count, deadLetter, eventTime, memory, tumblingWindow, watermark } from "@tidemark/streams";
import { first, header, ManualClock, refusal } from "./support/jobs.ts";
import { perTen, runInOneEpoch, type Visit, visits } from "./support/throwing.ts";

/** Throws at windows that have two values. */
function throwAtTwo(total: number): number {
  if (total === 2) throw new RangeError("two is too many");
  return total;
}

const firing = visits(["ada", 1], ["bob", 2], ["bob", 3], ["eve", 4], ["ada", 12], ["ada", 23]);

describe("onError, while a window fires", () => {
  it("a throw while a window fires stops the job: no record is to blame", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("visits", firing);
    const why = await refusal(perTen(log, { result: throwAtTwo }), { name: "visits", state: kv }, new ManualClock());
    assertEquals(
      why,
      `Job visits stopped at visits/0@4 in tumblingWindow "activity" while the window of key "bob" at 0 fired: two is too many. ` +
        `Correct the function, or give onError a deadLetter(sink), and start the job again.`,
    );
    assertEquals(log.read("activity"), []);
    log.end("visits");
    await (await runInOneEpoch(perTen(log), { state: kv })).finished;
    assertEquals(log.read("activity").length, 5);
  });

  it("onError: a throw while a window fires sends the pane to the dead letters, and it counts as fired", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const options = { state: kv, onError: deadLetter(log.sink("failed")) };
    log.append("visits", firing);
    const job = await runInOneEpoch(perTen(log, { result: throwAtTwo }), options);
    await first(log.source("activity"), 3, job);
    await job.stop();
    // Bob's window has fired, so one more visit of his is an update of it: the pane after the one that failed.
    log.append("visits", visits(["bob", 5], ["ada", 41]));
    log.end("visits");
    const again = await runInOneEpoch(perTen(log, { result: throwAtTwo }), options);
    await again.finished;
    assertEquals(
      log.read("activity"),
      [
        { key: "ada", start: 0, value: 1, pane: "onTime", index: 0 },
        { key: "eve", start: 0, value: 1, pane: "onTime", index: 0 },
        { key: "ada", start: 10, value: 1, pane: "onTime", index: 0 },
        { key: "ada", start: 20, value: 1, pane: "onTime", index: 0 },
        { key: "ada", start: 40, value: 1, pane: "onTime", index: 0 },
      ].toSpliced(3, 0),
    );
    const [failed] = log.records("failed");
    assertEquals(JSON.parse(new TextDecoder().decode(failed.value!)), {
      window: "activity",
      key: "bob",
      window_start_ms: 0,
      index: 0,
      accumulator: 2,
    });
    assertEquals(header(failed, "tidemark.reason"), `tumblingWindow "activity": two is too many`);
    assertEquals(again.metrics.snapshot().dead_letters, 1);
  });

  it("onError: a throw while the last windows fire, at the end of the input, sends the pane to the dead letters", async () => {
    const log = memory();
    log.append("visits", visits(["ada", 1], ["bob", 2], ["bob", 3], ["eve", 4]));
    log.end("visits");
    const job = await runInOneEpoch(perTen(log, { result: throwAtTwo }), { onError: deadLetter(log.sink("failed")) });
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(
      log.read<{ key: string; value: number }>("activity").map((row) => [row!.key, row!.value]),
      [["ada", 1], ["eve", 1]],
    );
    assertEquals(log.read("failed").length, 1);
  });

  it("a throw while the last windows fire stops the job where there is no dead letter", async () => {
    const log = memory();
    log.append("visits", visits(["bob", 2], ["bob", 3]));
    log.end("visits");
    const why = await refusal(perTen(log, { result: throwAtTwo }), { name: "visits", state: ":memory:" });
    assertMatch(
      why,
      /^Job visits stopped at task 0 in tumblingWindow "activity" while the window of key "bob" at 0 fired: two is too many\./,
    );
  });

  it("onError: a throw below a window, in a result's function, is the pane's as well", async () => {
    const log = memory();
    log.append("visits", firing);
    log.end("visits");
    const pipeline = log.source<Visit>("visits").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: 10, aggregate: count() }),
      map(({ key, window, value }) => ({ key, start: window.start, value: throwAtTwo(value) })),
      log.sink("activity"),
    );
    const job = await runInOneEpoch(pipeline, { onError: deadLetter(log.sink("failed")) });
    await job.finished;
    assertEquals(log.read("activity").length, 4);
    assertEquals(log.read("failed").length, 1);
  });
});
