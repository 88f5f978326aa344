/** A job on Kafka that counts visits in windows of a minute, and one whose window waits for a partition without records. */
import { assertEquals } from "@std/assert";
import type { Observable } from "rxjs";
import { count, eventTime, minutes, run, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import type { Explanation, Job } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { brokers, connect, plainClient } from "./kafka.ts";
import { freshTopic } from "./recording_reader.ts";
import { detailsWhen } from "./three_ways.ts";

export interface Visit {
  readonly user: string;
  readonly at: number;
}

/** The topics of such a job, and its name. */
export interface VisitTopics {
  readonly name: string;
  readonly input: string;
  readonly output: string;
}

/** Long ago, so that no result waits for the wall clock. */
const begin = Date.UTC(2026, 0, 5, 12);

/** Topics with visits in some of their partitions: two in each, three minutes apart. */
export async function visitTopics(partitions: number, used: readonly number[]): Promise<VisitTopics> {
  const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
  const connection = await connect();
  for (const topic of [input, output]) await connection.createTopic(topic, partitions);
  await connection.close();
  const producer = plainClient().producer();
  await producer.connect();
  const messages = used.flatMap((partition) =>
    [0, 3].map((minute) => {
      const value: Visit = { user: `user-${partition}`, at: begin + minutes(minute) };
      return { key: value.user, value: JSON.stringify(value), partition };
    })
  );
  await producer.send({ topic: input, messages });
  await producer.disconnect();
  return { name, input, output };
}

/** Counts the visits of each user in windows of a minute. */
export function visitsByMinute({ input, output }: VisitTopics): Observable<unknown> {
  const broker = kafka({ brokers });
  return broker.source<Visit>(input, { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(10) }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
    broker.sink(output, { key: ({ key }) => key }),
  );
}

/** Starts the job of four partitions with a silent one, and waits until it has read everything. */
export async function startSilentPartition(): Promise<{ job: Job; input: string; why: Explanation }> {
  const topics = await visitTopics(4, [0, 1, 2]);
  const { name, input } = topics;
  const job = await run(visitsByMinute(topics), { name, state: ":memory:", tasks: "single", log: () => {} });
  await detailsWhen(job, "each partition to be fetched", ({ records_in, lag }) => records_in === 6 && lag === 0);
  const [why] = await job.explain("activity");
  assertEquals(why.holder, { topic: input, partition: 3, lastEvent: undefined, raisedBy: undefined });
  return { job, input, why };
}
