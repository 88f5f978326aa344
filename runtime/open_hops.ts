/**
 * Opens the hops of a job: finds how many partitions each has, makes the topics that are missing, and remembers the hops
 * in the job entry.
 *
 * The entry is written after the topics are made, so a hop that the entry knows must have its topic. A topic that is
 * missing, or has another number of partitions, stops the job: values on their way would be lost. A reset needs none of
 * them, and makes a topic that is missing.
 *
 * @module
 */
import type { Connection, TopicInfo } from "../connectors/connector.ts";
import { changeJob, type HopEntry, type Patience, readJob, type Store } from "../state/mod.ts";
import type { Settings } from "./options.ts";
import type { Plan } from "./plan.ts";

/** The hops of a job before their topics are made. */
export interface KnownHops {
  /** How many partitions each topic has: the inputs, and those of hops as they have or get them. */
  readonly partitions: ReadonlyMap<string, number>;
  /** The hops that the job entry knows. */
  readonly entries: Readonly<Record<string, HopEntry>>;
}

/**
 * Finds how many partitions the hops of a plan have.
 *
 * @param inputs how many partitions each input topic has
 * @throws {Error} when a hop was made with another number of partitions than the program gives
 */
export async function findHops(
  plan: Pick<Plan, "hops" | "broadcast">,
  { name }: Pick<Settings, "name">,
  { store, patience, inputs }: {
    readonly store: Store;
    readonly patience: Patience;
    readonly inputs: ReadonlyMap<string, number>;
  },
): Promise<KnownHops> {
  const partitions = new Map(inputs);
  if (plan.hops.length === 0) return { partitions, entries: {} };
  const entries = (await readJob(store, name, patience))?.hops ?? {};
  for (const hop of plan.hops) {
    const was = entries[hop.name]?.partitions;
    if (was !== undefined && hop.partitions !== undefined && hop.partitions !== was) {
      throw new Error(
        `Cannot run job ${name}: repartition "${hop.name}" was made with ${was} partitions and keeps them, and the program gives ` +
          `${hop.partitions}. Give ${was}, or use another name for the hop`,
      );
    }
    if (hop.broadcast) continue;
    const above = hop.above.map((topic) => partitions.get(topic) ?? 1);
    partitions.set(hop.topic, was ?? hop.partitions ?? Math.max(1, ...above));
  }
  const tasks = tasksOf(partitions, plan.broadcast);
  for (const { name: hop, topic, broadcast } of plan.hops) {
    if (!broadcast) continue;
    const was = entries[hop]?.partitions ?? tasks;
    if (was !== tasks) {
      throw new Error(
        `Cannot run job ${name}: repartition "${hop}" was made to bring its values to ${was} tasks, and the job has ${tasks} now. ` +
          `Give it another name`,
      );
    }
    partitions.set(topic, tasks);
  }
  return { partitions, entries };
}

/** How many tasks a job with a task for each partition has. */
function tasksOf(partitions: ReadonlyMap<string, number>, broadcast: ReadonlySet<string>): number {
  return Math.max(1, ...[...partitions].flatMap(([topic, count]) => broadcast.has(topic) ? [] : [count]));
}

/** The hops of a job whose topics are open. */
export interface OpenHops {
  /** The topics by name. */
  readonly topics: ReadonlyMap<string, TopicInfo>;
  /** The hops that the job entry has now. */
  readonly entries: Readonly<Record<string, HopEntry>>;
}

/**
 * Opens the topics of the hops, and makes those that are missing.
 *
 * @param known what `findHops` has found
 */
export async function openHops(
  plan: Pick<Plan, "hops">,
  { name, reset }: Pick<Settings, "name" | "reset">,
  { store, patience, input, known }: {
    readonly store: Store;
    readonly patience: Patience;
    readonly input: Connection;
    readonly known: KnownHops;
  },
): Promise<OpenHops> {
  const topics = new Map<string, TopicInfo>();
  const fresh: Record<string, HopEntry> = {};
  const { entries } = known;
  for (const { name: hop, topic } of plan.hops) {
    const partitions = known.partitions.get(topic)!;
    const isKnown = Object.hasOwn(entries, hop) && entries[hop].gone !== true;
    if (!isKnown) fresh[hop] = { partitions };
    const make = () => input.createTopic(topic, partitions, { transient: true });
    if (!isKnown) await make();
    let info = await input.topic(topic);
    if (info === undefined && reset !== undefined) {
      await make();
      info = await input.topic(topic);
    }
    if (isKnown && info === undefined) {
      throw new Error(
        `Cannot run job ${name}: the topic "${topic}" of its hop is gone, and what was on its way in it is lost. Start the job with ` +
          `reset to process its input anew`,
      );
    }
    if (info?.partitions !== partitions) {
      throw new Error(
        `Cannot run job ${name}: the topic "${topic}" of its hop must have ${partitions} partitions, and has ${
          info?.partitions ?? "none"
        }. ` +
          `Only the job may make and change it. Delete the topic, and start the job with reset to process its input anew`,
      );
    }
    topics.set(topic, info);
  }
  if (Object.keys(fresh).length === 0) return { topics, entries };
  return { topics, entries: (await changeJob(store, name, { hops: fresh }, patience)).hops };
}
