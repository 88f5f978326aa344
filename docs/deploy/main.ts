/**
 * A job as a service: it takes its settings from the environment, and ends in order when it is told to.
 *
 * | variable | meaning |
 * |---|---|
 * | `KAFKA_BROKERS` | addresses, with commas between them |
 * | `STATE` | a path, or the URL of a KV server (then also `DENO_KV_ACCESS_TOKEN`) |
 * | `WORKER` | this worker's name. Leave it out where several workers share a file |
 * | `PAGE_HOST`, `PAGE_PORT` | where the page and the probes are (127.0.0.1, 8321) |
 * | `PAGE_TOKEN` | what a reader of the page needs on another address |
 */
import { map } from "rxjs";
import { count, eventTime, lateSideOutput, minutes, run, tumblingWindow, watermark } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { kafka } from "@tidemark/streams/kafka";

interface UserEvent {
  readonly user_id: string;
  readonly timestamp_ms: number;
}

const broker = kafka({ brokers: setting("KAFKA_BROKERS").split(",") });

const activity = broker.source<UserEvent>("user_events", { tombstones: "refuse" }).pipe(
  eventTime((event) => event.timestamp_ms),
  watermark({ maxOutOfOrderness: minutes(5), idleAfter: minutes(1) }),
  tumblingWindow({ name: "activity", key: (event) => event.user_id, size: minutes(1), aggregate: count() }),
  lateSideOutput((late) => late.pipe(broker.sink("user_events_late"))),
  map(({ key, window, value }) => ({ user_id: key, window_start_ms: window.start, event_count: value })),
  broker.sink("user_activity", { key: (row) => row.user_id }),
);

const job = await run(activity, {
  name: "activity",
  state: setting("STATE"),
  worker: Deno.env.get("WORKER"),
});

const page = await dashboard(job, {
  port: Number(Deno.env.get("PAGE_PORT") ?? 8321),
  hostname: Deno.env.get("PAGE_HOST"),
  token: Deno.env.get("PAGE_TOKEN"),
});

// An orchestrator sends SIGTERM and waits. The job commits, publishes, leaves its group and ends with exit code 0.
Deno.addSignalListener("SIGTERM", () => void job.stop());

// A job that cannot go on rejects: the process ends with exit code 1 and the reason, and is started again.
await job.finished;
await page[Symbol.asyncDispose]();
Deno.exit(0);

function setting(name: string): string {
  const value = Deno.env.get(name);
  if (value === undefined || value === "") throw new Error(`Cannot start: the environment variable ${name} is not set`);
  return value;
}
