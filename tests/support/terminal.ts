/** A terminal for tests of the command line, and a stopped job to look at. */
import { assertEquals } from "@std/assert";
import {
  count,
  deadLetter,
  type EmbeddedLog,
  eventTime,
  type Job,
  keyedReduce,
  run,
  type RunOptions,
  seconds,
} from "@tidemark/streams";
import { embeddedLog, tumblingWindow, watermark } from "@tidemark/streams";
import type { Observable } from "rxjs";
import { main } from "../../cli/main.ts";
import type { World } from "../../cli/main.ts";
import { until } from "./jobs.ts";
import { type Clock, systemClock } from "../../base/clock.ts";

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What the terminal of a test is like. */
export interface TerminalOptions {
  readonly clock?: Clock;
  /** What the user answers. @default nobody can be asked */
  readonly answer?: boolean;
  readonly color?: boolean;
  readonly input?: string;
  readonly interrupted?: AbortSignal;
  /** Called with each text on stdout. */
  readonly said?: (text: string) => void;
}

/** Runs a command line in this process. */
export async function command(args: readonly string[], options: TerminalOptions = {}): Promise<Said> {
  const said = { out: "", err: "" };
  const asked: string[] = [];
  const world: World = {
    out(text) {
      said.out += text;
      options.said?.(text);
    },
    err(text) {
      said.err += text;
    },
    outTerminal: options.color ?? false,
    canAsk: options.answer !== undefined,
    noColor: false,
    columns: 120,
    confirm(question) {
      asked.push(question);
      return options.answer!;
    },
    input: () => new Blob([options.input ?? ""]).stream(),
    clock: options.clock ?? systemClock,
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const code = await main(args, world);
  return { code, out: said.out, err: said.err + asked.map((question) => `${question}\n`).join("") };
}

/** The JSON document that a command prints. */
export async function documentOf<T>(args: readonly string[], options?: TerminalOptions): Promise<T> {
  const { code, out, err } = await command([...args, "--json"], options);
  assertEquals([code, err], [0, ""]);
  return JSON.parse(out) as T;
}

/** A visit to a page. */
export interface Visit {
  readonly user: string;
  readonly at: number;
}

/** A time at which the visits begin. */
export const NOON: number = Date.UTC(2026, 0, 5, 12);

/** Counts visits by user, and by user and minute. */
export function visits(log: EmbeddedLog): Observable<unknown>[] {
  const visits = log.source<Visit>("visits", {
    schema: {
      "~standard": {
        validate: (value) =>
          typeof (value as Visit | null)?.user === "string"
            ? { value: value as Visit }
            : { issues: [{ message: "user is no text" }] },
      },
    },
  }).pipe(eventTime(({ at }) => at), watermark({ name: "visits", maxOutOfOrderness: seconds(10) }));
  return [
    visits.pipe(
      keyedReduce({ name: "totals", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
      log.sink("totals", { key: ({ key }) => key }),
    ),
    visits.pipe(
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: seconds(60), aggregate: count() }),
      log.sink("activity", { key: ({ key }) => key }),
    ),
  ];
}

/** Starts the job of {@linkcode visits}. */
export async function startVisits(
  path: string,
  options: Pick<RunOptions, "until" | "minEpoch"> = {},
): Promise<{ readonly job: Job; readonly log: EmbeddedLog } & AsyncDisposable> {
  const kv = await Deno.openKv(path);
  const log = embeddedLog(kv, { path });
  const job = await run(visits(log), {
    ...{ name: "shop", state: kv, onBadRecord: deadLetter(log.sink("visits_dead")), log: () => {}, ...options },
  });
  return {
    job,
    log,
    async [Symbol.asyncDispose]() {
      await job.stop();
      kv.close();
    },
  };
}

/** Makes the topics and some visits: the third user may be hostile, and one record is no visit. */
export async function makeVisits(path: string, third: string = HOSTILE): Promise<void> {
  using kv = await Deno.openKv(path);
  const log = embeddedLog(kv, { path });
  for (const topic of ["visits", "totals", "activity", "visits_dead"]) await log.create(topic, { partitions: 2 });
  const visit = (user: string, after: number) => ({
    ...{ key: user, partition: user === "ada" ? 0 : 1, value: { user, at: NOON + after }, timestamp: NOON + after },
  });
  await log.append("visits", [
    ...[visit("ada", 0), visit("bob", 1000), visit(third, 2000), visit("ada", 75_000), visit("bob", 76_000)],
    {
      key: "ada",
      partition: 0,
      value: { wrong: third === HOSTILE ? "\u001b[31mred" : "red" },
      timestamp: NOON + 77_000,
    },
  ]);
}

/** A key that tries to change colours, to clear the screen, and to turn the text around. */
export const HOSTILE = "eve\u001b[31m\u009b2J\u202e\r\nrow";

/** A job that has processed its visits and was stopped. */
export async function stoppedVisits(path: string, third?: string): Promise<void> {
  await makeVisits(path, third);
  // All of it is one epoch of each task.
  await using started = await startVisits(path, { minEpoch: seconds(60) });
  await until("the visits to be committed", () => {
    const { records_in, dead_letters } = started.job.metrics.snapshot();
    return records_in === 6 && dead_letters === 1;
  }, started.job);
}
