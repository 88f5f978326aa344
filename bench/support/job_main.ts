/** The job under test, in a process of its own: the pipelines of the README and the recommender over Kafka. */
import { map } from "rxjs";
import type { Observable } from "rxjs";
import {
  count,
  eventTime,
  keyedReduce,
  minutes,
  repartition,
  run,
  seconds,
  tumblingWindow,
  watermark,
} from "../../mod.ts";
import { kafka } from "../../connectors/kafka/mod.ts";
import { results } from "../../examples/recommendations/pipeline.ts";
import type { UserEvent } from "./events.ts";
import { clock, cpuOf, peakMemory, say } from "./child.ts";

/** The task of the process. */
export interface JobTask {
  readonly brokers: readonly string[];
  /** `seconds` counts each user's events in each second, without disorder: its windows close while one watches. */
  readonly kind: "counts" | "latest" | "windows" | "seconds" | "recommendations";
  readonly input: string;
  readonly output: string;
  readonly state: string;
  /** How many hops the events go through before they are counted. @default 0 */
  readonly hops?: number;
  /** Whether the job ends at the ends that its input has at the start. */
  readonly ends: boolean;
}

/** The pipeline of a kind. */
function pipelineOf({ brokers, kind, input, output, hops = 0 }: JobTask): Observable<unknown> {
  const broker = kafka({ brokers });
  // Recommendations alone use none of the other topics.
  const topics = {
    input,
    output,
    activity: `${output}-activity`,
    late: `${output}-late`,
    deadLetter: `${output}-dead`,
  };
  if (kind === "recommendations") return results(broker, topics).recommended;
  const events = broker.source<UserEvent>(input).pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: kind === "seconds" ? 0 : minutes(5) }),
  );
  if (kind === "seconds") {
    return events.pipe(
      tumblingWindow({ name: "activity", key: (event) => event.user_id, size: seconds(1), aggregate: count() }),
      map(({ key, window, value }) => ({ user_id: key, window_end_ms: window.end, event_count: value })),
      broker.sink(output, { key: (row) => row.user_id }),
    );
  }
  if (kind !== "windows") {
    return across(events, hops).pipe(
      keyedReduce({
        name: "event-count",
        key: (event) => event.user_id,
        initial: 0,
        reduce: (total) => total + 1,
        emit: kind === "latest" ? "latest" : "every",
      }),
      map(({ key, value }) => ({ user_id: key, event_count: value })),
      broker.sink(output, { key: (row) => row.user_id }),
    );
  }
  return events.pipe(
    tumblingWindow({
      name: "activity",
      key: (event) => event.user_id,
      size: minutes(1),
      allowedLateness: minutes(1),
      aggregate: count(),
    }),
    map(({ key, window, value, pane }) => ({
      user_id: key,
      window_start_ms: window.start,
      window_end_ms: window.end,
      event_count: value,
      pane,
    })),
    broker.sink(output, { key: (row) => row.user_id }),
  );
}

/** The events behind so many hops, in the task of their user. */
function across(events: Observable<UserEvent>, hops: number): Observable<UserEvent> {
  const away = hops < 2 ? events : events.pipe(repartition({ name: "away", key: (event) => event.product_id }));
  return hops < 1 ? events : away.pipe(repartition({ name: "back", key: (event) => event.user_id }));
}

async function main(task: JobTask): Promise<void> {
  const stop = new AbortController();
  Deno.addSignalListener("SIGTERM", () => stop.abort());
  const job = await run(pipelineOf(task), {
    name: task.output,
    state: task.state,
    until: task.ends ? "end" : undefined,
    signal: stop.signal,
    log(line) {
      console.error(`  ${line}`);
      // The job logs its first offsets when its tasks are claimed, just before it reads.
      if (line.includes(", from ")) say("reading", { at: clock(), cpu: cpuOf(Deno.pid) });
    },
  });
  const end = await job.finished;
  say("finished", { at: clock(), cpu: cpuOf(Deno.pid), peak: peakMemory(), metrics: job.metrics.snapshot(), ...end });
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
