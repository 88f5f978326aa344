/**
 * `inspect JOB`: what the heads of a job say.
 *
 * @module
 */
import { shownCount, shownSize } from "../../runtime/details_words.ts";
import type { JobDetails } from "../../runtime/details.ts";
import type { StoredJob } from "../../runtime/stored_job.ts";
import { answersWithKeys } from "../answers.ts";
import type { CommandSpec, Context } from "../command.ts";
import { lookAt, type Seen } from "../look.ts";
import type { Printer } from "../printer.ts";
import { clean, iso } from "../text.ts";

/** `inspect` */
export const inspect: CommandSpec = {
  name: "inspect",
  summary: "show a job: tasks, epochs, offsets, lag, watermarks, states",
  words: [{ word: "<job>", means: "the job" }],
  example: "inspect recommendations --brokers localhost:9092",
  needs: ["state", "brokers", "page"],
  async run(context, [job]) {
    const document = await inspected(context, job!);
    context.printer.document(document, () => shown(context.printer, document));
  },
};

type Inspected = Awaited<ReturnType<typeof inspected>>;

async function inspected(context: Context, job: string) {
  const { details, from }: Seen = await lookAt(context, job);
  const stored = context.place.pageOnly ? undefined : await context.place.job(job);
  const { state, at, failure, trouble, tasks, waiting, watermarks, leftOut } = details;
  return {
    ...{ job, state, from, at: iso(at), failure, trouble, sentences: answersWithKeys(details) },
    ...{ tasks_are: stored?.tasks, inputs: stored?.inputs, hops: stored?.hops, reset: stored?.resetting },
    tasks: tasks.map(({ task, worker, at, epoch, visible, finished, records_in, watermark }) => ({
      ...{ task, worker, last_commit: iso(at), epoch, visible, finished, records_in, watermark: iso(watermark) },
    })),
    offsets: await offsetsOf(context, details, stored),
    states: stored === undefined ? stagesOf(details) : statesOf(stored, details),
    ...{ delta_bytes: stored?.deltaBytes, waiting, watermarks, left_out: leftOut },
  };
}

interface OffsetRow {
  readonly task: number;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly end: number | undefined;
  readonly lag: number | undefined;
}

/** Where each task reads. What a worker tells is newer than what it has committed. */
async function offsetsOf(context: Context, details: JobDetails, stored: StoredJob | undefined): Promise<OffsetRow[]> {
  const rows = new Map<string, Omit<OffsetRow, "lag">>();
  const ends = stored === undefined ? new Map<string, readonly number[]>() : await endsOf(context, stored);
  for (const { task, offsets } of stored?.heads ?? []) {
    for (const { topic, partition, offset } of offsets) {
      const end = ends.get(topic)?.[partition];
      rows.set(JSON.stringify([task, topic, partition]), { task, topic, partition, position: offset, end });
    }
  }
  for (const { task, topic, partition, position, end } of details.partitions) {
    const key = JSON.stringify([task, topic, partition]);
    rows.set(key, { task, topic, partition, position, end: end ?? rows.get(key)?.end });
  }
  return [...rows.values()].map((row) => {
    return { ...row, lag: row.end === undefined ? undefined : Math.max(0, row.end - row.position) };
  });
}

/** The end of each partition of the input, where the topics can be asked. */
async function endsOf(
  { place }: Context,
  { inputs, hops }: StoredJob,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const topics = await place.topics();
  const known = new Set((await topics.list()).map(({ topic }) => topic));
  const ends = new Map<string, readonly number[]>();
  for (const topic of [...Object.keys(inputs), ...hops]) {
    if (known.has(topic)) ends.set(topic, (await topics.bounds(topic)).map(({ latest }) => latest));
  }
  return ends;
}

interface StateRow {
  readonly name: string;
  readonly kind?: string;
  readonly windows?: boolean;
  readonly version?: number;
  readonly tasks?: number;
  /** How many values there are, where a worker tells it. */
  readonly keys: number | undefined;
  readonly bytes: number;
}

function statesOf({ heads }: StoredJob, { stages }: JobDetails): StateRow[] {
  const byName = Map.groupBy(heads.flatMap(({ states }) => states), ({ name }) => name);
  return [...byName].map(([name, all]) => ({
    ...{ name, kind: all[0].kind, windows: all[0].windows, version: all[0].version, tasks: all.length },
    keys: stages.find(({ stage }) => stage === name)?.keys,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
}

function stagesOf({ stages }: JobDetails): StateRow[] {
  return stages.map(({ stage, keys, state_bytes }) => ({ name: stage, keys, bytes: state_bytes }));
}

function shown(printer: Printer, seen: Inspected): string {
  const { job, state, at, from, reset, failure, trouble, tasks, offsets, states, delta_bytes, watermarks } = seen;
  const { sentences } = seen;
  const lines = [
    `${printer.heading(job)}  ${state}, as of ${at}${from === "state" ? " (from the state: last commits)" : ""}`,
    failure && `failed: ${failure}`,
    trouble && `waits: ${trouble}`,
    reset === undefined ? undefined : `a reset is asked for: the next start reads from ${JSON.stringify(reset)}`,
  ].filter((line) => line !== undefined && line !== "");
  const parts = [lines.join("\n"), sentences.map(clean).join("\n")];
  parts.push(printer.table(
    ["TASK", "WORKER", "EPOCH", "VISIBLE", "RECORDS", "WATERMARK", "LAST COMMIT"],
    tasks.map(({ task, worker, epoch, visible, records_in, watermark, last_commit, finished }) => {
      const done = finished ? `${last_commit ?? "-"} (finished)` : last_commit;
      return [task, worker, ...[epoch, visible, records_in].map(shownCount), watermark, done];
    }),
  ));
  parts.push(printer.table(
    ["TASK", "PARTITION", "POSITION", "END", "LAG"],
    offsets.map(({ task, topic, partition, position, end, lag }) => {
      return [task, `${topic}/${partition}`, position, end, lag];
    }),
  ));
  if (states.length > 0) {
    parts.push(printer.table(
      ["STATE", "KIND", "PER", "VERSION", "TASKS", "KEYS", "BYTES"],
      states.map(({ name, kind, windows, version, tasks, keys, bytes }) => {
        const per = windows === undefined ? undefined : windows ? "key and window" : "key";
        return [name, kind, per, version, tasks, keys, shownSize(bytes)];
      }),
    ));
    if (delta_bytes !== undefined) parts.push(`and ${shownSize(delta_bytes)} of deltas`);
  }
  for (const { name, watermark, without, tasks } of watermarks) {
    const none = without === 0 ? "" : ` (${without} of ${tasks} tasks have none)`;
    parts.push(`watermark ${name}: ${iso(watermark) ?? "none"}${none}`);
  }
  return parts.join("\n\n");
}
