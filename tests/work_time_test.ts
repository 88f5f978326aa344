/** What the time of a worker goes to. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { count, eventTime, memory, minutes, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import { WorkTime } from "../runtime/work_time.ts";

describe("the shares of a worker's time", () => {
  it("add up to 100 %, over the last ten seconds", () => {
    const time = new WorkTime();
    assertEquals(time.shares(0), undefined);
    time.sample(0);
    time.publish += 5000;
    time.sample(5000);
    assertEquals(time.shares(5000), { push: 0, commit: 0, publish: 100, input: 0, other: 0 });
    time.push += 2500;
    time.input += 5000;
    time.sample(15_000);
    // The first five seconds are more than ten seconds ago.
    assertEquals(time.shares(15_000), { push: 25, commit: 0, publish: 0, input: 50, other: 25 });
  });

  it("are those of waiting for input in a job that has nothing to do", async () => {
    const broker = memory();
    const pipeline = broker.source<{ user: string; at: number }>("visits", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
      broker.sink("activity"),
    );
    await using test = await testPipeline(pipeline);
    await test.advance(seconds(20));
    const { time } = await test.details();
    assertEquals(time, { push: 0, commit: 0, publish: 0, input: 100, other: 0 });
  });
});
