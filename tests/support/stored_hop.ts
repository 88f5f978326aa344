/**
 * A job with a hop that was killed in the middle of its work, as in the fixture of each stored format since 4: it has
 * records in the hop that nobody has read yet. `tests/fixtures/make.ts` creates it, and `tests/stored_hop_test.ts`
 * continues it.
 */
import { map, type Observable } from "rxjs";
import { count, embeddedLog, keyedReduce, repartition, run, tumblingWindow, watermark } from "@tidemark/streams";
import type { EmbeddedLog, Job, RunOptions } from "@tidemark/streams";

const KINDS = ["tea", "rye", "oat"];
const ROOT = new URL("../../", import.meta.url).pathname;
/** After how many results the job is killed. */
const KILLED_AT = 100;

/** A click of the input. */
export interface HopClick {
  readonly user: string;
  readonly kind: string;
}

/** The click of this number, one a second. */
export function hopClick(n: number): { key: string; value: HopClick; timestamp: number } {
  const user = `user-${n % 5}`;
  return { key: user, value: { user, kind: KINDS[n % KINDS.length] }, timestamp: 1_700_000_000_000 + n * 1000 };
}

/** Counts the clicks of each kind, and those of each kind and minute, behind a hop. */
function pipelines(log: EmbeddedLog): Observable<unknown>[] {
  const byKind = log.source<HopClick>("clicks").pipe(
    watermark({ maxOutOfOrderness: 5000, name: "clicks" }),
    map((click) => click!),
    repartition({ name: "by-kind", key: ({ kind }) => kind }),
  );
  return [
    byKind.pipe(
      keyedReduce({ name: "counts", key: ({ kind }) => kind, initial: 0, reduce: (total) => total + 1 }),
      log.sink("counts", { key: ({ key }) => key }),
    ),
    byKind.pipe(
      tumblingWindow({ name: "minutes", key: ({ kind }) => kind, size: 60_000, aggregate: count() }),
      log.sink("minutes", { key: ({ key }) => key }),
    ),
  ];
}

/** Runs the job on its log. */
export function runHop(log: EmbeddedLog, kv: Deno.Kv, options: Partial<RunOptions> = {}): Promise<Job> {
  return run(pipelines(log), { name: "clicks", state: kv, log: () => {}, ...options });
}

/** Creates the job, kills it, and returns its KV. */
export async function leaveHop(): Promise<Deno.Kv> {
  const path = `${await Deno.makeTempDir({ prefix: "tidemark-hop-" })}/state.db`;
  const args = ["run", "-A", "--no-lock", `--config=${ROOT}deno.json`, new URL(import.meta.url).pathname, path];
  await new Deno.Command(Deno.execPath(), { args }).output();
  return await Deno.openKv(path);
}

/** Feeds the job and kills it, which ends this process. */
async function untilKilled(path: string): Promise<void> {
  const kv = await Deno.openKv(path), log = embeddedLog(kv);
  for (const topic of ["clicks", "counts", "minutes"]) await log.create(topic, { partitions: 2 });
  await runHop(log, kv, { minEpoch: 15 });
  let results = 0;
  log.source("counts").subscribe(() => {
    if (++results === KILLED_AT) Deno.kill(Deno.pid, "SIGKILL");
  });
  for (let n = 0;;) await log.append("clicks", Array.from({ length: 6 }, () => hopClick(n++)));
}

if (import.meta.main) await untilKilled(Deno.args[0]);
