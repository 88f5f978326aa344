/** Names and keys that anybody may choose: those of an object's prototype, and text with a byte order mark. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { count, keyedReduce, memory, run, tumblingWindow, watermark } from "@tidemark/streams";
import { first, refusal } from "./support/jobs.ts";

const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "\ufeffada", "\ufeff"];

describe("names and keys that an object's prototype has, or that begin with a byte order mark", () => {
  for (const name of ["__proto__", "constructor"]) {
    it(`are those of a job's topics, watermarks, states and keys: ${name}`, async () => {
      using kv = await Deno.openKv(":memory:");
      const log = memory();
      log.create(name, { partitions: 2 });
      log.create("toString", { partitions: 2 });
      const clicks = log.source<string>(name).pipe(watermark({ name, maxOutOfOrderness: 0 }));
      const pipelines = [
        clicks.pipe(
          keyedReduce({ name, key: (key) => key, initial: 0, reduce: (total) => total + 1 }),
          log.sink("toString", { key: ({ key }) => key, headers: () => ({ ["__proto__"]: "h", constructor: "c" }) }),
        ),
        clicks.pipe(
          tumblingWindow({ name: "valueOf", key: (key) => key, size: 10, aggregate: count() }),
          log.sink("windows", { key: ({ key }) => key }),
        ),
      ];
      const rows = (time: number) => NAMES.map((key) => ({ key, value: key, timestamp: time }));
      for (const part of [0, 1, 2]) {
        log.append(name, rows(part * 5));
        if (part === 2) log.end(name);
        const job = await run(pipelines, { name: "names", state: kv, log: () => {} });
        if (part < 2) await first(log.source("toString"), NAMES.length * (part + 1), job);
        else await job.finished;
        await job.stop();
      }
      const counts = log.read<{ key: string; value: number }>("toString").map((row) => `${row!.key} ${row!.value}`);
      assertEquals(counts.sort(), NAMES.flatMap((key) => [1, 2, 3].map((n) => `${key} ${n}`)).sort());
      const windows = log.read<{ key: string; value: number }>("windows").map((row) => `${row!.key} ${row!.value}`);
      assertEquals(windows.sort(), NAMES.flatMap((key) => [`${key} 1`, `${key} 2`]).sort());
    });
  }
});

describe("a job that keeps too much for one head", () => {
  it("is refused at its start, with what it has too many of and the cure, before anything is stored", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory();
    const clicks = Array.from({ length: 40 }, (_, i) => {
      log.create(`clicks ${i} ${"t".repeat(180)}`, { partitions: 128 });
      return log.source<string>(`clicks ${i} ${"t".repeat(180)}`).pipe(
        watermark({ maxOutOfOrderness: 5000 }),
        log.sink("out"),
      );
    });
    const options = { name: "large", state: kv, tasks: "single" } as const;
    const why = await refusal(clicks, options);
    assertEquals(
      why.replace(/\d{5} bytes/, "N bytes"),
      "Cannot run job large: a task cannot read 5120 partitions with 40 clocks, 5 counters and 0 states, because its head could " +
        'have N bytes, and may have 16384. Run the job with tasks: "perPartition", or with fewer watermarks',
    );
    for await (const { key } of kv.list({ prefix: [] })) assertEquals(key, []);
  });
});
