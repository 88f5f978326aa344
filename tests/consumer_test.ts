import { assertEquals } from "@std/assert";
import { inProject } from "./support/consumer.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** What a user writes who has installed the package. */
const PROGRAM = `
import { from, map } from "rxjs";
import { count, deadLetter, eventTime, type Job, keyedReduce, memory, run, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import { avro } from "@tidemark/streams/avro";
import { kafka } from "@tidemark/streams/kafka";
import { protobuf } from "@tidemark/streams/protobuf";
import { registry } from "@tidemark/streams/registry";
import { json } from "@tidemark/streams/connectors";
import { sum } from "@tidemark/streams/operators";
import { UnavailableError } from "@tidemark/streams/state";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import lint from "@tidemark/streams/testing/lint";

interface Click { user: string; at: number }
const clicks: Click[] = [{ user: "ada", at: 100 }, { user: "bob", at: 900 }, { user: "ada", at: 1_500 }];

const windows: unknown[] = [];
from(clicks).pipe(
  eventTime((click) => click.at),
  watermark({ maxOutOfOrderness: 0 }),
  tumblingWindow({ key: (click) => click.user, size: seconds(1), aggregate: count() }),
  map(({ key, window, value }) => [key.toUpperCase(), window.start, value + 0]),
).subscribe((row) => windows.push(row));

const log = memory();
log.append("clicks", clicks.map((value) => ({ key: value.user, value })));
log.end("clicks");
const totals = log.source<Click>("clicks").pipe(
  keyedReduce({ name: "totals", key: (click) => click.user, initial: 0, reduce: (total) => total + 1 }),
  log.sink("totals", { key: (row) => row.key }),
);
const job: Job = await run(totals, { name: "clicks", state: "state/clicks.db", onBadRecord: deadLetter(log.sink("dead")), log: () => {} });
const end = await job.finished;

const broker = kafka({ brokers: ["localhost:9092"] });
const remote = broker.source<string>("clicks").pipe(
  keyedReduce({ name: "totals", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
  broker.sink("totals", { key: (row) => row.key }),
);
await using test = await testPipeline(remote);
await test.push("clicks", { value: "ada" });
const { crashes } = await crashTest(remote, [{ value: "ada" }]);
console.log(JSON.stringify({
  windows,
  totals: log.read("totals"),
  end,
  broker: broker.id,
  tested: test.results("totals"),
  crashed: crashes > 0,
  rules: Object.keys(lint.rules),
  names: [typeof sum, typeof json, typeof protobuf, UnavailableError.name],
  avro: [...avro("string").encode("a")],
  registry: registry({ url: "http://localhost:8081" }).url,
}));
`;

Deno.test("a user's project imports jsr:@tidemark/streams and /kafka, type-checks, and runs with the permissions of the README", async () => {
  await inProject(ROOT, PROGRAM, async (deno) => {
    await deno("check", "main.ts");
    const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-write"];
    assertEquals(JSON.parse(await deno("run", ...permissions, "main.ts")), {
      windows: [["ADA", 0, 1], ["BOB", 0, 1], ["ADA", 1000, 1]],
      totals: [{ key: "ada", value: 1 }, { key: "bob", value: 1 }, { key: "ada", value: 2 }],
      end: { reason: "finished" },
      broker: "kafka localhost:9092",
      tested: [{ key: "ada", value: 1 }],
      crashed: true,
      rules: ["remembers", "asynchronous", "later"],
      names: ["function", "function", "function", "UnavailableError"],
      avro: [2, 97],
      registry: "http://localhost:8081/",
    });
  });
});
