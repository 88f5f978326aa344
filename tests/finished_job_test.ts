/** A job that has finished, and is started again. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { embeddedLog, memory, run, type RunOptions } from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { Lines } from "./support/jobs.ts";

function copying(log: MemoryLog) {
  return log.source("clicks").pipe(log.sink("copies"));
}

async function runToEnd(log: MemoryLog, options: Omit<RunOptions, "name">): Promise<Lines> {
  const lines = new Lines();
  const job = await run(copying(log), { name: "copy", until: "end", log: lines.log, ...options });
  assertEquals(await job.finished, { reason: "finished" });
  return lines;
}

describe("a finished job that is started again", () => {
  it("says what has come since and stays unread, and how to go on", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.create("clicks", { partitions: 2 });
    log.append("clicks", [{ value: 1, partition: 0 }, { value: 2, partition: 1 }]);
    assertMatch((await runToEnd(log, { state: kv })).all.join("\n"), /finished, its input has been read to the end/);

    log.append("clicks", [{ value: 3, partition: 1 }, { value: 4, partition: 1 }]);
    const lines = await runToEnd(log, { state: kv });
    const word = lines.find(/stays unread/);
    assertEquals(
      word,
      "Job copy: it finished in an earlier run, and what has come since stays unread: clicks/1 from offset 1 to 2. Start it with reset " +
        'to say from where to process the input anew, or run it under another name; without until: "end" a job reads on for ever',
    );
    assertMatch(lines.all.at(-1)!, /^Job copy: finished, as it was before this start$/);
    assert(lines.find(/read to the end/) === undefined);
    assertEquals(log.read("copies").toSorted(), [1, 2]);
  });

  it("says that its input has been read to the end where nothing has come", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("clicks", [{ value: 1 }]);
    await runToEnd(log, { state: kv });
    const lines = await runToEnd(log, { state: kv });
    assert(lines.find(/unread/) === undefined);
    assertMatch(lines.all.at(-1)!, /read to the end/);
  });

  it("reads what has come with reset, and under another name", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    log.append("clicks", [{ value: 1 }]);
    await runToEnd(log, { state: kv });
    log.append("clicks", [{ value: 2 }]);
    const lines = await runToEnd(log, { state: kv, reset: "earliest" });
    assert(lines.find(/unread/) === undefined);
    assertEquals(log.read("copies"), [1, 1, 2]);
  });

  it("says so on the embedded log as well", async () => {
    using kv = await Deno.openKv(":memory:");
    const lines = new Lines();
    const log = embeddedLog(kv);
    await log.create("clicks");
    await log.create("copies");
    for (const value of [1, 2]) {
      await log.append("clicks", [{ value, partition: 0 }]);
      const job = await run(log.source("clicks").pipe(log.sink("copies")), {
        name: "copy",
        state: kv,
        until: "end",
        log: lines.log,
      });
      await job.finished;
    }
    assertMatch(lines.find(/stays unread/)!, /clicks\/0 from offset 1 to 1\./);
  });
});
