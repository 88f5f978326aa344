/**
 * `inspect JOB`: what the heads of a job say.
 *
 * @module
 */
import { shownCount } from "../../runtime/details_words.ts";
import type { StoredJob } from "../../runtime/stored_job.ts";
import type { CommandSpec, Context } from "../command.ts";
import { lookAt, type Seen } from "../look.ts";
import type { Printer } from "../printer.ts";
import { iso, shownSize } from "../text.ts";

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
  const stored = await context.place.job(job);
  const { details, from }: Seen = await lookAt(context, job);
  const live = new Map(details.tasks.map((task) => [task.task, task]));
  const ends = await endsOf(context, stored);
  return {
    ...{ job, state: details.state, from, at: iso(details.at), failure: details.failure, trouble: details.trouble },
    ...{ tasks_are: stored.tasks, inputs: stored.inputs, hops: stored.hops, reset: stored.resetting },
    tasks: stored.heads.map(({ task, worker, at, epoch, visible, finished, waiting }) => ({
      ...{ task, worker: live.get(task)?.worker ?? worker, last_commit: iso(live.get(task)?.at ?? at) },
      ...{ epoch: live.get(task)?.epoch ?? epoch, visible: live.get(task)?.visible ?? visible, finished, waiting },
      ...{ records_in: live.get(task)?.records_in, watermark: iso(live.get(task)?.watermark) },
    })),
    offsets: stored.heads.flatMap(({ task, offsets }) =>
      offsets.map(({ topic, partition, offset }) => {
        const end = ends.get(topic)?.[partition];
        return { task, topic, partition, position: offset, end, lag: end && Math.max(0, end - offset) };
      })
    ),
    states: statesOf(stored),
    delta_bytes: stored.deltaBytes,
    watermarks: details.watermarks,
  };
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

function statesOf({ heads }: StoredJob) {
  const byName = Map.groupBy(heads.flatMap(({ states }) => states), ({ name }) => name);
  return [...byName].map(([name, [{ kind, windows, version }, ...others]]) => ({
    ...{ name, kind, windows, version, tasks: others.length + 1 },
    bytes: byName.get(name)!.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
}

function shown(printer: Printer, seen: Inspected): string {
  const { job, state, at, from, reset, failure, trouble, tasks, offsets, states, delta_bytes, watermarks } = seen;
  const lines = [
    `${printer.heading(job)}  ${state}, as of ${at}${from === "state" ? " (from the state: last commits)" : ""}`,
    failure && `failed: ${failure}`,
    trouble && `waits: ${trouble}`,
    reset === undefined ? undefined : `a reset is asked for: the next start reads from ${JSON.stringify(reset)}`,
  ].filter((line) => line !== undefined && line !== "");
  const parts = [lines.join("\n")];
  parts.push(printer.table(
    ["TASK", "WORKER", "EPOCH", "VISIBLE", "RECORDS", "WATERMARK", "LAST COMMIT"],
    tasks.map(({ task, worker, epoch, visible, records_in = 0, watermark, last_commit, finished }) => {
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
      ["STATE", "KIND", "PER", "VERSION", "TASKS", "BASES"],
      states.map(({ name, kind, windows, version, tasks, bytes }) => {
        return [name, kind, windows ? "key and window" : "key", version, tasks, shownSize(bytes)];
      }),
    ));
    parts.push(`and ${shownSize(delta_bytes)} of deltas`);
  }
  for (const { name, watermark, without, tasks } of watermarks) {
    const none = without === 0 ? "" : ` (${without} of ${tasks} tasks have none)`;
    parts.push(`watermark ${name}: ${iso(watermark) ?? "none"}${none}`);
  }
  return parts.join("\n\n");
}
