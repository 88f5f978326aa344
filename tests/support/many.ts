/**
 * A job with many tasks and stages, for the size and the time of its details. Its input is no log, which would have 128
 * partitions at most, but an array of records.
 */
import type { Observable } from "rxjs";
import {
  count,
  eventTime,
  type Job,
  type JobDetails,
  memory,
  minutes,
  seconds,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { systemClock } from "../../base/clock.ts";
import { textBytes } from "../../base/text.ts";
import { keyPartition } from "../../connectors/partitioner.ts";
import type { Connector, InputRecord } from "../../connectors/connector.ts";
import { runWith } from "../../runtime/run.ts";
import { PushReader, type ReadInput } from "../../testing/_push_reader.ts";
import { until } from "./jobs.ts";

interface Event {
  readonly user: string;
  readonly at: number;
}

/** More commits than the details show. */
const EPOCHS = 60;
const TOPIC = "user_events";
const noon = Date.UTC(2026, 0, 5, 12);

/**
 * A user for each partition, whose records a producer would write there. Of a key that lies elsewhere, a job looks at
 * each new one in all of its tasks.
 */
function usersOf(partitions: number): string[] {
  const users: string[] = [];
  for (let n = 0, found = 0; found < partitions; n++) {
    const user = `user-${n}`, partition = keyPartition(textBytes(user), partitions);
    if (users[partition] !== undefined) continue;
    users[partition] = user;
    found++;
  }
  return users;
}

/** Records of a topic with so many partitions. */
class Input implements ReadInput {
  readonly order: InputRecord[] = [];
  readonly #ends: number[];
  readonly #users: readonly string[];

  constructor(partitions: number) {
    this.#ends = new Array(partitions).fill(0);
    this.#users = usersOf(partitions);
  }

  add(partition: number, at: number): void {
    const user = this.#users[partition];
    const place = { topic: TOPIC, partition, offset: this.#ends[partition]++ };
    const value = textBytes(JSON.stringify({ user, at }));
    this.order.push({ ...place, timestamp: at, key: textBytes(user), value, headers: undefined });
  }

  endsOf(): readonly number[] {
    return this.#ends;
  }

  follow(): void {}

  /** A connector whose topic is this input. */
  connector(original: Connector, made: (reader: PushReader) => void): Connector {
    return {
      id: original.id,
      open: async (context) => {
        const connection = await original.open(context);
        const { length: partitions } = this.#ends;
        return {
          ...connection,
          topic: async (topic) => {
            const info = await connection.topic(topic);
            return topic === TOPIC ? { ...info!, partitions } : info;
          },
          bounds: () => Promise.resolve(this.#ends.map((latest) => ({ earliest: 0, latest }))),
          offsets: () => Promise.resolve(this.#ends.map(() => 0)),
          shown: () => Promise.resolve(new Map()),
          reader: (options, handler) => {
            const reader = new PushReader(this, options, handler);
            made(reader);
            return Promise.resolve(reader);
          },
        };
      },
    };
  }
}

/** A job that runs. */
export interface ManyTasks extends AsyncDisposable {
  readonly job: Job;
  details(): Promise<JobDetails>;
  /** So many tasks get a record, all of them if it is not given. Resolves when all of the records are processed. */
  touch(tasks?: number): Promise<void>;
}

/** A job with a task for each of the partitions, in which every stage has windows that wait and values that were late. */
export async function manyTasks({ tasks, stages }: { tasks: number; stages: number }): Promise<ManyTasks> {
  const broker = memory();
  let seen = 0;
  const events = broker.source<Event>(TOPIC, { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => {
      seen++;
      return at;
    }),
    watermark({ maxOutOfOrderness: minutes(5), idleAfter: minutes(60) }),
  );
  const pipelines: Observable<unknown>[] = Array.from({ length: stages }, (_none, n) =>
    events.pipe(
      tumblingWindow({
        ...{ name: `activity-of-stage-${n}`, key: ({ user }: Event) => user, size: minutes(1) },
        aggregate: count<Event>(),
      }),
      broker.sink(`user_activity_${n}`),
    ));
  const input = new Input(tasks);
  let reader: PushReader | undefined, next = 0;
  const options = { name: "many", state: ":memory:", log: () => {} };
  const job = await runWith(pipelines, options, systemClock, {
    connector: (original) => input.connector(original, (made) => reader = made),
  });
  const processed = async () => {
    // The tasks share no partition, so the order among partitions does not matter, and the loop need not turn for each.
    await reader!.deliver(() => Promise.resolve());
    const { length } = input.order;
    // Every stage sees every record.
    await until(`${length} records to be processed`, () => seen === length * stages, job);
  };
  const touch = async (some = tasks) => {
    for (let n = 0; n < some; n++) input.add(next++ % tasks, noon + minutes(9));
    await processed();
  };
  for (const at of [0, minutes(2), minutes(9), seconds(30)]) {
    for (let partition = 0; partition < tasks; partition++) input.add(partition, noon + at);
  }
  await processed();
  for (let n = 0; n < EPOCHS; n++) await touch(1);
  return { job, details: () => job.details(), touch, [Symbol.asyncDispose]: () => job.stop() };
}
