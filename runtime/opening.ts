/**
 * Opens the connections, topics and entry of a job, and checks them before anything is claimed.
 *
 * @module
 */
import type {
  AfterCommit,
  Connection,
  Connector,
  Delivery,
  InCommit,
  RecordSink,
  SinkSpec,
  TaskLayout,
  TopicInfo,
} from "../connectors/connector.ts";
import { type JobDifference, type OpenedJob, openJob, type Patience, readJob, type Store } from "../state/mod.ts";
import { assertHeadsFit } from "./head_shape.ts";
import { policySinks, type Settings } from "./options.ts";
import { type OpenedSink, sinkKey } from "./outputs.ts";
import { forgetHops } from "./left_hops.ts";
import { findHops, type OpenHops, openHops } from "./open_hops.ts";
import type { Plan } from "./plan.ts";
import type { JobHops } from "./task_hops.ts";
import { layOut, refuseUneven } from "./task_layout.ts";

/** A sink of the plan, and where its rows go. */
interface Target {
  readonly spec: SinkSpec;
  readonly delivery: Delivery;
  /** Its topic; `undefined` when it writes a table. */
  readonly info: TopicInfo | undefined;
}

/** Everything that is open for a job. */
export interface OpenJob {
  readonly entry: OpenedJob;
  readonly input: Connection;
  /** How many partitions each topic has that tasks read. */
  readonly partitions: ReadonlyMap<string, number>;
  /** The hops; `undefined` when there are none. */
  readonly hops: JobHops | undefined;
  /**
   * An id for each input topic that differs from the id of an earlier topic of the same name, when the connector knows
   * one.
   */
  readonly topics: Readonly<Record<string, string>>;
  /** Which task reads what. */
  readonly layout: TaskLayout;
  /** The opened sinks, by `sinkKey`. */
  readonly sinks: ReadonlyMap<string, OpenedSink>;
  /** How many partitions each topic has whose results become visible after the commit. */
  readonly delivered: ReadonlyMap<string, number>;
  /** The delivery of results that become visible after their commit; `undefined` when no sink needs one. */
  readonly delivery: AfterCommit | undefined;
  /** Deliveries that write in the atomic of the epoch, in the order of `OpenedSink.inCommit`. */
  readonly inCommit: readonly InCommit[];
  /** The connections of all topics, by topic. */
  readonly connections: ReadonlyMap<string, Connection>;
  close(): Promise<void>;
}

/** Opens the connections of a plan. Throws when something is missing; the message names it. */
export async function openAll(
  plan: Plan,
  settings: Settings,
  { store, patience }: { store: Store; patience: Patience },
): Promise<OpenJob> {
  const connections = new Map<string, Connection>();
  const close = async () => {
    for (const connection of connections.values()) await connection.close();
  };
  // Requests under way are answered no more, so that a start that is given up ends soon.
  const giveUp = () => void close().catch(() => {});
  settings.signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const since = await runAtStart(plan, settings, { store, patience });
    const connect = (connector: Connector) => connectOnce(connections, connector, settings, store);
    const input = await connect(plan.input);
    const inputs = await inputTopics(plan, input);
    const external = new Map([...inputs].map(([topic, info]) => [topic, info.partitions]));
    const known = await findHops(plan, settings, { store, patience, inputs: external });
    const { partitions } = known;
    const opened = await openSinks(plan, connect);
    refuseKeyless(settings, opened);
    const { delivery, inCommit } = deliveriesOf(opened, plan.hops.length === 0 ? undefined : input.delivery);
    const layout = layOut(settings.tasks, partitions, plan.broadcast);
    refuseUneven(layout, plan.parts);
    if (plan.single !== undefined && layout.tasks.length > 1) throw plan.single;
    if (delivery !== undefined && settings.reset === undefined) {
      await refuseForgotten(plan, settings, { store, patience, input, delivery });
    }
    assertHeadsFit(plan, settings, partitions);
    const entry = await openJob(store, {
      name: settings.name,
      tasks: layout.kind,
      inputs: Object.fromEntries(external),
    }, patience);
    entry.differences.forEach((difference) => refuse(settings.name, difference, layout));
    await forgetHops(plan, settings, { store, patience, entry, layout });
    const between = await openHops(plan, settings, { store, patience, input, known });
    opened.push(...plan.hops.map(({ topic, sink }) => targetOf(sink, input, between.topics.get(topic))));
    return {
      entry,
      input,
      partitions,
      hops: hopsOf(plan, settings, { layout, entry, between, since }),
      topics: idsOf([...inputs, ...between.topics]),
      layout,
      sinks: sinksOf(opened, inCommit),
      delivered: deliveredOf(opened, delivery),
      delivery,
      inCommit,
      connections: byTopic(plan, connections),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  } finally {
    settings.signal?.removeEventListener("abort", giveUp);
  }
}

/**
 * The run that a job with hops has, if this worker is started with a reset. It is read first of all: a reset that another
 * worker begins from now on is the one that this worker was started for.
 */
async function runAtStart(
  { hops }: Plan,
  { name, reset }: Settings,
  { store, patience }: { readonly store: Store; readonly patience: Patience },
): Promise<string | undefined> {
  return reset === undefined || hops.length === 0 ? undefined : (await readJob(store, name, patience))?.run;
}

async function connectOnce(
  open: Map<string, Connection>,
  connector: Connector,
  settings: Settings,
  store: Store,
): Promise<Connection> {
  const known = open.get(connector.id);
  if (known !== undefined) return known;
  const { name, clock, events, signal } = settings;
  const log = (line: string) => events.tell({ kind: "connector" }, line);
  const connection = await connector.open({ job: name, store, now: clock.now, after: clock.after, log, signal });
  open.set(connector.id, connection);
  return connection;
}

async function existing(connection: Connection, topic: string, where: string, verb: string): Promise<TopicInfo> {
  const info = await connection.topic(topic);
  if (info === undefined) throw new Error(`Cannot ${verb} topic "${topic}": there is no such topic on ${where}`);
  return info;
}

/** The connection of each topic that the job reads or writes. Where two have a topic of one name, that of the input. */
function byTopic(
  { sinks, topics, hops, input }: Plan,
  opened: ReadonlyMap<string, Connection>,
): Map<string, Connection> {
  const written = sinks.filter(({ target }) => target !== "table");
  const read = [...topics, ...hops.map(({ topic }) => topic)];
  return new Map([
    ...written.map(({ topic, connector: { id } }) => [topic, opened.get(id)!] as const),
    ...read.map((topic) => [topic, opened.get(input.id)!] as const),
  ]);
}

function hopsOf(
  { hops }: Plan,
  { clock }: Settings,
  { layout, entry: { run, resetting }, between: { entries }, since = run }: {
    /** The run that the job had when this worker was started. */
    readonly since: string | undefined;
    readonly layout: TaskLayout;
    readonly entry: OpenedJob;
    readonly between: OpenHops;
  },
): JobHops | undefined {
  if (hops.length === 0) return undefined;
  return { hops, layout, elapsed: clock.elapsed, run: { name: run, since, resetting, entries } };
}

function targetOf(spec: SinkSpec, { delivery }: Connection, info: TopicInfo | undefined): Target {
  return { spec, delivery, info };
}

/** The ids of topics, where they are known. */
function idsOf(topics: readonly (readonly [topic: string, info: TopicInfo])[]): Record<string, string> {
  return Object.fromEntries(topics.flatMap(([topic, { id }]) => id === undefined ? [] : [[topic, id]]));
}

async function openSinks(
  { sinks }: Plan,
  connect: (connector: Connector) => Promise<Connection>,
): Promise<Target[]> {
  const opened: Target[] = [];
  for (const spec of sinks) {
    const connection = await connect(spec.connector);
    const { topic, connector: { id }, target } = spec;
    const info = target === "table" ? undefined : await existing(connection, topic, id, "write to");
    opened.push(targetOf(spec, connection, info));
  }
  return opened;
}

async function inputTopics(plan: Plan, input: Connection): Promise<Map<string, TopicInfo>> {
  const topics = new Map<string, TopicInfo>();
  for (const topic of plan.topics) topics.set(topic, await existing(input, topic, plan.input.id, "read"));
  return topics;
}

/** How many partitions each topic has whose results become visible after the commit. */
function deliveredOf(opened: readonly Target[], after: AfterCommit | undefined): Map<string, number> {
  return new Map(opened.flatMap(({ spec, delivery, info }) => {
    return delivery === after && info !== undefined ? [[spec.topic, info.partitions]] : [];
  }));
}

function sinksOf(opened: readonly Target[], inCommit: readonly InCommit[]): Map<string, OpenedSink> {
  return new Map(opened.map(({ spec, delivery, info }) => {
    const index = delivery.kind === "inCommit" ? inCommit.indexOf(delivery) : undefined;
    return [sinkKey(spec), { info, delivery, inCommit: index }];
  }));
}

/**
 * A compacted topic keeps the last record of each key and refuses every record without a key. So the job is refused at
 * its start.
 */
function refuseKeyless(settings: Settings, opened: readonly Target[]): void {
  const letters = new Set(policySinks(settings).map(sinkKey));
  for (const { spec, info } of opened) {
    if (info?.compacted !== true) continue;
    if (letters.has(sinkKey(spec))) {
      throw new TypeError(
        `Cannot run job ${settings.name}: topic "${spec.topic}" is compacted (cleanup.policy), and dead letters that share a key, or ` +
          `have none, would be lost in it. Give deadLetter() a sink on a topic with cleanup.policy=delete`,
      );
    }
    if ((spec as RecordSink).keyless !== true) continue;
    throw new TypeError(
      `Cannot run job ${settings.name}: topic "${spec.topic}" is compacted (cleanup.policy), so Kafka refuses every record without a ` +
        `key, and its sink gives none. Give the sink a key, as in sink("${spec.topic}", { key: (value) => value.id }), or set the ` +
        `topic's cleanup.policy to delete`,
    );
  }
}

/** The deliveries of all sinks, and of the hops if there are any. */
function deliveriesOf(
  opened: readonly Target[],
  ofHops: Delivery | undefined,
): { delivery: AfterCommit | undefined; inCommit: readonly InCommit[] } {
  const deliveries = [...new Set([...opened.map(({ delivery }) => delivery), ...ofHops === undefined ? [] : [ofHops]])];
  const after = deliveries.filter((one) => one.kind === "afterCommit");
  if (after.length > 1) {
    throw new TypeError(
      "Cannot run the job: its sinks are on more than one Kafka cluster, and results are published in one transaction of one cluster",
    );
  }
  return { delivery: after[0], inCommit: deliveries.filter((one) => one.kind === "inCommit") };
}

/**
 * Refuses a store that does not know a job which has published before: the job would publish everything once more. The
 * delivery knows whether the job has published, and it is read first: a job that starts on this store writes its entry
 * before it prepares its delivery. The job must also have read these same topics; no group has offsets for a topic that
 * was created anew.
 */
async function refuseForgotten(
  { topics }: Plan,
  settings: Settings,
  { store, patience, input, delivery }: {
    readonly store: Store;
    readonly patience: Patience;
    readonly input: Connection;
    readonly delivery: AfterCommit;
  },
): Promise<void> {
  const { name } = settings;
  if (!await delivery.knows(name)) return;
  if (await readJob(store, name, patience) !== undefined) return;
  for (const topic of topics) {
    if ([...(await input.shown(name, topic)).values()].every(({ offset }) => offset === 0)) continue;
    // Another worker may have made the job on this store meanwhile, and what is shown may be its own.
    if (await readJob(store, name, patience) !== undefined) return;
    throw new Error(
      `Cannot run job ${name}: the state store knows nothing of it, but it has run before and published its results: the store is ` +
        `another one, or it was emptied. Give the job the store that it ran on last, start it with reset to process its input ` +
        `anew, results already visible included, or give it another name`,
    );
  }
}

/** Refuses a job whose tasks would differ from those of its earlier runs, before anything is claimed. */
function refuse(job: string, difference: JobDifference, { broadcast }: TaskLayout): void {
  if (difference.kind === "tasks") {
    throw new Error(
      `Cannot run job ${job}: its state is kept with tasks: "${difference.was}", and it was started with tasks: "${difference.is}". ` +
        `Start it as before, or under a new name, which reads its input anew`,
    );
  }
  if (difference.kind !== "partitions") return;
  // Where every task reads every partition, more of them move no key to another task.
  if (broadcast.has(difference.topic) && difference.is > difference.was) return;
  throw new Error(
    `Cannot run job ${job}: topic ${difference.topic} had ${difference.was} partitions when the job was made and has ${difference.is} now, so keys ` +
      `have moved between its tasks. Bring the records into a topic with ${difference.was} partitions, or start the job under a new name, ` +
      `which reads its input anew`,
  );
}
