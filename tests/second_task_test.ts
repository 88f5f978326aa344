/** A key that comes to a second task, because a topic has two partitioners, is told. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memory, run } from "@tidemark/streams";
import { keyPartition } from "../connectors/partitioner.ts";
import { counts, type Visit } from "./support/visited.ts";

const PARTITIONS = 3;
const java = (user: string) => keyPartition(new TextEncoder().encode(user), PARTITIONS);
/** Of somebody else, who puts no key where Java's clients do. */
const other = (user: string) => (java(user) + 1) % PARTITIONS;

/** What the job says while it reads records of these users, each where that partitioner puts it. */
async function said(
  records: readonly (readonly [user: string, partitioner: (user: string) => number])[],
): Promise<string[]> {
  const log = memory();
  log.create("visits", { partitions: PARTITIONS });
  log.append(
    "visits",
    records.map(([user, partitioner], at) => ({ key: user, value: { user, at }, partition: partitioner(user) })),
  );
  log.end("visits");
  const lines: string[] = [];
  const pipeline = log.source<Visit>("visits").pipe(counts("counts"), log.sink("counts"));
  const job = await run(pipeline, { name: "job", state: ":memory:", log: (line) => lines.push(line) });
  await job.finished;
  return lines.filter((line) => line.includes("choose partitions differently"));
}

describe("a topic with two partitioners", () => {
  for (const [what, first, second] of [["Java's first", java, other], ["Java's second", other, java]] as const) {
    it(`is told once, with the key, both tasks and the record: ${what}`, async () => {
      const users = ["ada", "bob", "eve"];
      const lines = await said([
        ...users.map((user) => [user, first] as const),
        ...users.map((user) => [user, second] as const),
      ]);
      assertEquals(lines.length, 1);
      const found =
        /^Job job: keyedReduce "counts" has the key "(\w+)" in task (\d), and the record visits\/(\d)@\d+ brings it to task (\d): the topic visits is written by programs/
          .exec(lines[0])!;
      const [, user, before, partition, after] = found;
      assertEquals([before, after].sort(), [java(user), other(user)].map(String).sort());
      assertEquals(partition, after);
    });
  }

  it("is not told where there is one, whichever it is", async () => {
    const users = Array.from({ length: 50 }, (_, index) => `user-${index}`);
    for (const partitioner of [java, other]) {
      assertEquals(await said([...users, ...users].map((user) => [user, partitioner] as const)), []);
    }
  });
});
