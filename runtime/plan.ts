/**
 * The plan: what a job's pipelines read, keep and write. It is found by subscribing them once to sources that push
 * nothing.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { Connector, SinkSpec, SourceSpec } from "../connectors/connector.ts";
import type { AnyKeyedState, KeyedStateSpec } from "../operators/keyed_state.ts";
import { PipelineGraph } from "../operators/_graph.ts";
import { memoryState } from "../operators/_memory_state.ts";
import { noSource, notWhole } from "../operators/_misuse.ts";
import { Bottom } from "../operators/_source.ts";
import type { TableAndValues } from "../operators/_host.ts";
import { type HopPort, type HopRequest, Task, type TaskHost } from "../operators/_task.ts";
import { type HopPlan, hopTopic, LONGEST_LIFE, planHops } from "./hops.ts";
import { policySinks, type Settings } from "./options.ts";
import { type Joined, type ReadingOrder, readingOrder } from "./tables_first.ts";
import { graphOf, type JobGraph, stateOf, type Topology } from "./topology.ts";

/** The plan of a job. Every task must match it. */
export interface Plan {
  readonly pipelines: readonly Observable<unknown>[];
  readonly input: Connector;
  readonly topics: readonly string[];
  /** Those of which every task reads every partition. */
  readonly broadcast: ReadonlySet<string>;
  /** Which of them a new task reads before others. */
  readonly order: ReadingOrder;
  readonly sources: ReadonlySet<SourceSpec>;
  readonly sinks: readonly SinkSpec[];
  readonly states: readonly KeyedStateSpec[];
  /** The hops, those above others first. */
  readonly hops: readonly HopPlan[];
  /** The topics that stages read together, those of hops included: one list for each part of a pipeline. */
  readonly parts: readonly (readonly string[])[];
  /** Why the job may have one task only, if there is a reason: the error of a job with several. */
  readonly single: Error | undefined;
  /** The names of those with the rows of tables that every task holds whole. */
  readonly shared: ReadonlySet<string>;
  /** The topics whose event time each clock tracks, by the clock's name. */
  readonly clocks: ReadonlyMap<string, readonly string[]>;
  readonly topology: Topology;
  readonly graph: JobGraph;
}

/**
 * Subscribes every pipeline of a task, in order. Returns handles that end them. Throws when a pipeline is put together
 * wrongly.
 */
export function subscribeAll(task: Task, pipelines: readonly Observable<unknown>[], ended: () => void): Bottom[] {
  const bottoms = pipelines.map((pipeline, index) => {
    const label = pipelines.length === 1 ? "the pipeline" : `pipeline ${index + 1}`;
    const bottom = new Bottom(task, label, ended);
    bottom.drain(pipeline);
    if (task.failure === undefined && !bottom.scope.sourced) task.fail(noSource(label), label, "misuse");
    return bottom;
  });
  if (task.failure === undefined) return bottoms;
  task.phase = "closed";
  for (const bottom of bottoms) bottom.unsubscribe();
  throw task.failure.error;
}

/** Finds what pipelines read, keep and write. Throws when they are put together wrongly. */
export function planOf(pipelines: readonly Observable<unknown>[], settings: Settings): Plan {
  if (pipelines.length === 0) throw new TypeError("Cannot run the job: there is no pipeline");
  const host = new PlanningHost(settings);
  const task = new Task(host);
  const bottoms = subscribeAll(task, pipelines, () => {});
  const parts = [
    ...bottoms.map(({ scope }) => [...new Set(scope.sources.map(({ label }) => label))]),
    ...host.hops.map(({ above }) => above),
  ];
  const watermarks = [...task.clocks].filter(([, clock]) => !clock.forwards).map(([name]) => name);
  const clocks = new Map([...task.clocks].map(([name, { reads = [] }]) => [name, reads]));
  task.phase = "closed";
  for (const bottom of bottoms) bottom.unsubscribe();

  const letters = policySinks(settings);
  const sinks = [...new Set([...host.sinks, ...letters])];
  const graph = graphOf(host.graph, { states: new Set(host.states.map(stateOf)), letters });
  const connectors = new Map([...host.sources].map(({ connector }) => [connector.id, connector]));
  if (connectors.size > 1) {
    throw new TypeError(
      `Cannot run the job: it reads from ${
        [...connectors.keys()].join(" and ")
      }; all sources of a job must be on one of them. ` +
        `Bring the topics together on one broker, or run two jobs`,
    );
  }
  const [input] = connectors.values();
  return {
    pipelines,
    input,
    hops: planHops(host.hops, input),
    parts,
    broadcast: broadcastOf(host.sources),
    order: readingOrder(host.joined, new Set(parts.flat())),
    topics: [...new Set([...host.sources].map(({ topic }) => topic))],
    sources: host.sources,
    sinks,
    states: host.states,
    single: host.single,
    shared: new Set(
      host.states.map(({ name }) => name).filter((name) => [...host.whole].some((stage) => name.startsWith(stage))),
    ),
    clocks,
    graph,
    topology: {
      sources: [...host.sources].map(place),
      states: host.states.map(({ operator, name, version = 1 }) => ({ operator, name, version })),
      sinks: sinks.map(place),
      watermarks,
      ...{ nodes: graph.nodes, edges: graph.edges },
      ...(host.hops.length === 0 ? {} : { hops: host.hops.map(({ name, topic, above }) => ({ name, topic, above })) }),
    },
  };
}

/**
 * The plan with other connectors for its topics. Pipelines refer to connectors by id, so the pipelines stay the same.
 */
export function replaced(plan: Plan, connector: (original: Connector) => Connector): Plan {
  return {
    ...plan,
    input: connector(plan.input),
    sinks: plan.sinks.map((sink) => ({ ...sink, connector: connector(sink.connector) })),
  };
}

/** The topics of which every task reads every partition. */
function broadcastOf(sources: ReadonlySet<SourceSpec>): ReadonlySet<string> {
  const [every, own] = [true, false].map((is) =>
    new Set([...sources].filter(({ broadcast = false }) => broadcast === is).map(({ topic }) => topic))
  );
  for (const topic of every.intersection(own)) {
    throw new TypeError(
      `Cannot run the job: the topic "${topic}" is read with broadcast: true and without, and a task reads either all of its partitions ` +
        `or its own. Read it in one way, or in two jobs`,
    );
  }
  return every;
}

function place(spec: { topic: string; connector: Connector }): { topic: string; connector: string } {
  return { topic: spec.topic, connector: spec.connector.id };
}

/** Records what pipelines bind. Nothing is pushed to them. */
class PlanningHost implements TaskHost {
  readonly graph = new PipelineGraph();
  readonly sources = new Set<SourceSpec>();
  readonly sinks = new Set<SinkSpec>();
  readonly states: KeyedStateSpec[] = [];
  readonly hops: (HopRequest & { readonly topic: string })[] = [];
  readonly joined: Joined[] = [];
  /** Why the job may have one task only, if there is a reason. */
  single: Error | undefined;
  /** How the names of states begin whose rows are those of whole tables. */
  readonly whole = new Set<string>();
  readonly checkKey = undefined;
  readonly skipPane = undefined;
  readonly bindHop: TaskHost["bindHop"];

  constructor({ name, tasks }: Pick<Settings, "name" | "tasks">) {
    if (tasks === "perPartition") this.bindHop = (request) => this.#planHop(request, hopTopic(name, request.name));
  }

  /** Nothing passes while a job is planned. */
  #planHop(request: HopRequest, topic: string): HopPort {
    this.hops.push({ ...request, topic });
    const nothing = () => {};
    return {
      ...{ topic, life: LONGEST_LIFE, senders: [], sends: false, interval: Infinity, elapsed: () => 0 },
      ...{ send: nothing, tell: nothing, listen: () => [], over: nothing },
    };
  }

  joins({ name, label: stage, tables, values, bootstrap, whole, partial }: TableAndValues): void {
    if (whole) this.whole.add(`${name}/`);
    if (partial !== undefined) this.single ??= notWhole(stage, partial.label);
    if (!bootstrap) return;
    for (const { label } of tables) {
      // What comes through a hop has no past that a new task could read.
      if (this.hops.some(({ topic }) => topic === label)) continue;
      for (const value of values) this.joined.push([value.label, label]);
    }
  }

  openState(spec: KeyedStateSpec): AnyKeyedState {
    this.states.push(spec);
    return memoryState(spec);
  }

  bindSource({ spec }: { spec: unknown }): [] {
    this.sources.add(spec as SourceSpec);
    return [];
  }

  bindSink(spec: unknown): () => void {
    this.sinks.add(spec as SinkSpec);
    return () => {};
  }

  restoredClock(): undefined {}

  badRecord(): void {}
}
