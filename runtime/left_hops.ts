/**
 * Hops that have left the pipeline. Values that wait in one would be read by no task any more, so the job is refused
 * until the hop is given back, or dropped by name.
 *
 * How many wait is known without the broker: the committed heads count what was sent into each hop and what was read.
 *
 * @module
 */
import type { TaskLayout } from "../connectors/connector.ts";
import {
  changeJob,
  hasInvisible,
  type Head,
  type OpenedJob,
  type Patience,
  readHead,
  type Store,
} from "../state/mod.ts";
import { hopTopic } from "./hops.ts";
import type { Settings } from "./options.ts";
import type { Plan } from "./plan.ts";

/** What is needed to look for hops that have left. */
interface JobBefore {
  readonly store: Store;
  readonly patience: Patience;
  /** The job as its entry has it. */
  readonly entry: OpenedJob;
  readonly layout: TaskLayout;
}

/**
 * Forgets the hops that the job has had and its pipelines have no longer. Their topics stay.
 *
 * @throws {Error} when values wait in one of them, or results of tasks that only it had, and neither `dropHops` names it
 * nor the job is reset
 */
export async function forgetHops(
  plan: Pick<Plan, "hops">,
  { name, dropHops, reset, events }: Pick<Settings, "name" | "dropHops" | "reset" | "events">,
  { store, patience, entry, layout }: JobBefore,
): Promise<void> {
  const left = Object.keys(entry.hops).filter((hop) =>
    entry.hops[hop].gone !== true && !plan.hops.some((one) => one.name === hop)
  );
  if (left.length === 0) return;
  const kept = reset === undefined ? left.filter((hop) => !dropHops.includes(hop)) : [];
  if (kept.length > 0) {
    const heads = await headsOf(store, name, Math.max(layout.tasks.length, ...tasksBefore(entry)));
    for (const hop of kept) refuseUnread(name, hop, heads);
    refuseInvisible(name, kept, heads.slice(layout.tasks.length));
  }
  await changeJob(store, name, { gone: left }, patience);
  for (const hop of left) {
    events.tell(
      { kind: "hop forgotten", hop },
      `repartition "${hop}" has left the pipeline and is forgotten; its topic "${
        hopTopic(name, hop)
      }" stays, and nothing needs it until a hop of this name comes back`,
    );
  }
}

/** How many tasks the inputs and hops of the job had. */
function tasksBefore({ inputs, hops }: OpenedJob): number[] {
  return [...Object.values(inputs), ...Object.values(hops).map(({ partitions }) => partitions)];
}

/** The heads of so many tasks; `undefined` for a task that never had an owner. */
async function headsOf(store: Store, job: string, tasks: number): Promise<(Head | undefined)[]> {
  const heads: (Head | undefined)[] = [];
  for (let task = 0; task < tasks; task++) heads.push((await readHead(store, { job, task }))?.head);
  return heads;
}

function refuseUnread(job: string, hop: string, heads: readonly (Head | undefined)[]): void {
  const topic = hopTopic(job, hop);
  const total = (what: string) => heads.reduce((sum, head) => sum + (head?.counters[`${what}:${topic}`] ?? 0), 0);
  const unread = total("sent") - total("read");
  if (unread <= 0) return;
  throw new Error(
    `Cannot run job ${job}: repartition "${hop}" has left the pipeline, and ${unread} of its values wait in the topic "${topic}" ` +
      `without a reader. Give it back until they are read, or name it in dropHops to drop them`,
  );
}

/** Refuses to leave results behind of tasks that the job has no longer without these hops. */
function refuseInvisible(job: string, hops: readonly string[], beyond: readonly (Head | undefined)[]): void {
  if (!beyond.some((head) => head !== undefined && hasInvisible(head))) return;
  const names = hops.map((hop) => `"${hop}"`).join(", ");
  throw new Error(
    `Cannot run job ${job}: repartition ${names} has left the pipeline, and results of tasks that only it had are not visible yet. ` +
      `Give it back and stop the job once more, or name it in dropHops to drop them`,
  );
}
