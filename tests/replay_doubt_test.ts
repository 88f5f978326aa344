/** What is known of a replay that failed, where the record and its mark are not written in one atomic. */
import { assertEquals, assertRejects } from "@std/assert";
import { memory, ReplayError } from "@tidemark/streams";
import { type Appending, type Connection, type OutputRecord, RefusedError } from "../connectors/connector.ts";
import { systemClock } from "../base/clock.ts";
import { RunningRecords } from "../runtime/job_records.ts";
import { JobTopics } from "../runtime/job_topics.ts";
import { ReplayMarks } from "../runtime/replay_marks.ts";
import { MemoryStore, type Store } from "../state/mod.ts";

const LETTER = { topic: "dead", partition: 0, offset: 0 };

type Append = (records: readonly OutputRecord[], appending: Appending) => Promise<void>;

/** A log with a dead letter, whose topics are written as those of Kafka are. */
async function logOf(): Promise<{ connection: Connection; log: ReturnType<typeof memory> }> {
  const log = memory();
  const headers = { "tidemark.reason": "bad", "tidemark.source": "in/0@0" };
  log.append("dead", [{ value: 7, headers }]);
  const connection = await log.open({ job: "job", store: new MemoryStore(), now: () => 0, log: () => {} });
  return { log, connection };
}

/** The records of a job as one of its workers has them. */
function recordsOn(store: Store, connection: Connection, append: Append): RunningRecords {
  const delivery = { ...connection.delivery, kind: "afterCommit" } as unknown as Connection["delivery"];
  const asKafka: Connection = { ...connection, delivery, append };
  const topics = new Map(["in", "dead"].map((topic) => [topic, asKafka]));
  return new RunningRecords({
    ...{ job: "job", store, clock: systemClock, now: () => 1_700_000_000_000, owner: "job.replays" },
    topics: new JobTopics("job", () => topics),
    marks: new ReplayMarks(store, "job"),
    targets: new Set(["in"]),
    letterTopics: ["dead"],
    tasksOf: () => [],
    owned: () => [],
  });
}

Deno.test("a replay that the broker refuses is not marked, so it can be tried again", async () => {
  const { connection, log } = await logOf();
  const store = new MemoryStore();
  const refused = recordsOn(store, connection, () => Promise.reject(new RefusedError("it is too large")));
  await assertRejects(() => refused.replay(LETTER), RefusedError);
  assertEquals(await refused.replayed(LETTER), undefined);
  const records = recordsOn(store, connection, connection.append);
  assertEquals((await records.replay(LETTER)).to, "in/0");
  assertEquals(log.read("in"), [7]);
});

Deno.test("a replay whose outcome is not known stays marked as begun, and is sent again on purpose only", async () => {
  const { connection, log } = await logOf();
  const store = new MemoryStore();
  const lost = recordsOn(store, connection, async (records, appending) => {
    await connection.append(records, appending);
    throw new Error("the answer was lost");
  });
  await assertRejects(() => lost.replay(LETTER), Error, "the answer was lost");
  assertEquals((await lost.replayed(LETTER))?.state, "begun");
  await assertRejects(() => lost.replay(LETTER), ReplayError, "it may be there");
  const step = await lost.replayAll({ topic: "dead", reason: "bad" });
  assertEquals([step.replayed, step.skipped, step.next], [0, 1, undefined]);
  const records = recordsOn(store, connection, connection.append);
  assertEquals((await records.replay(LETTER, { again: true })).to, "in/0");
  assertEquals(log.read("in"), [7, 7]);
});

Deno.test("of two workers that replay the same letter at once, one sends it", async () => {
  const { connection, log } = await logOf();
  const store = new MemoryStore();
  const workers = [1, 2].map(() => recordsOn(store, connection, connection.append));
  const answers = await Promise.allSettled(workers.map((records) => records.replay(LETTER)));
  assertEquals(answers.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assertEquals(log.read("in"), [7]);
});
