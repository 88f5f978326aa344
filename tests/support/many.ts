/** A job with many tasks and stages, for the size and the time of its details. */
import type { Observable } from "rxjs";
import { count, eventTime, memory, minutes, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import type { TestPipeline } from "../../testing/test_pipeline.ts";

interface Event {
  readonly user: string;
  readonly at: number;
}

/** More commits than the details show. */
const EPOCHS = 60;
const noon = Date.UTC(2026, 0, 5, 12);

/** A job with a task for each of the partitions, in which every stage has windows that wait and values that were late. */
export async function manyTasks({ tasks, stages }: { tasks: number; stages: number }): Promise<TestPipeline> {
  const broker = memory();
  const events = broker.source<Event>("user_events", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: minutes(5), idleAfter: minutes(1) }),
  );
  const pipelines: Observable<unknown>[] = Array.from({ length: stages }, (_none, n) =>
    events.pipe(
      tumblingWindow({
        ...{ name: `activity-of-stage-${n}`, key: ({ user }: Event) => user, size: minutes(1) },
        aggregate: count<Event>(),
      }),
      broker.sink(`user_activity_${n}`),
    ));
  const test = await testPipeline(pipelines, { start: noon, partitions: { user_events: tasks } });
  const times = [0, minutes(2), minutes(9), seconds(30)];
  await test.push(
    "user_events",
    Array.from({ length: tasks * times.length }, (_none, n) => {
      const partition = n % tasks, at = noon + times[Math.floor(n / tasks)];
      return { value: { user: `user-${partition}`, at }, key: `user-${partition}`, partition, timestamp: at };
    }),
  );
  // Each push is an epoch.
  for (let n = 0; n < EPOCHS; n++) {
    const value = { user: `user-${n % tasks}`, at: noon + minutes(9) };
    await test.push("user_events", { value, key: value.user, partition: n % tasks, timestamp: value.at });
  }
  return test;
}
