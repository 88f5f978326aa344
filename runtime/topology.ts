/**
 * What a job's pipelines consist of, as plain data.
 *
 * @module
 */
import type { SinkSpec, SourceSpec } from "../connectors/connector.ts";
import { EntryCount, type EntryCounts, type GraphEdge, type GraphNode } from "../operators/_graph.ts";
import type { GraphSide, PipelineGraph } from "../operators/_graph.ts";

/** What a job's pipelines read, keep and write, and how it is connected. */
export interface Topology {
  /** Topics read, with their connector. */
  readonly sources: readonly { readonly topic: string; readonly connector: string }[];
  /** Stages that keep state, by operator and name, with the version of their values' shape. */
  readonly states: readonly { readonly operator: string; readonly name: string; readonly version: number }[];
  /** Topics written, with their connector. */
  readonly sinks: readonly { readonly topic: string; readonly connector: string }[];
  /** Names of the `watermark()`s. */
  readonly watermarks: readonly string[];
  /** Hops, with the topics that they read. Absent when there are none. */
  readonly hops?: readonly { readonly name: string; readonly topic: string; readonly above: readonly string[] }[];
  /** Everything that values pass, what is above first. An Observable that several pipelines share is there once. */
  readonly nodes: readonly TopologyNode[];
  /** What flows between them. */
  readonly edges: readonly TopologyEdge[];
}

/** One source, stage, hop or sink. */
export interface TopologyNode {
  /**
   * Its name in edges and in `details().entered`: `tumblingWindow:activity`. It is the same after a restart of the same
   * program, and in each of its workers.
   */
  readonly id: string;
  /**
   * What it is. `late` passes results on and gives late records to a route of their own; `table` is a sink that writes rows
   * of a KV table; `deadLetters` is a sink for what a policy of the job takes out of the pipelines, without edges.
   */
  readonly kind: "source" | "eventTime" | "watermark" | "stage" | "hop" | "late" | "sink" | "table" | "deadLetters";
  /** Its operator: `tumblingWindow`. */
  readonly operator: string;
  /** The name of a stage, `watermark()` or hop, or the topic; `undefined` when it has none. */
  readonly name: string | undefined;
  /** The connector of a source or sink. */
  readonly connector: string | undefined;
  /** Whether it keeps state. */
  readonly state: boolean;
}

/** What flows from one node to another. */
export interface TopologyEdge {
  /** The id of the node above. */
  readonly from: string;
  /** The id of the node below. */
  readonly to: string;
  /** Whether late records flow, or values. */
  readonly kind: "values" | "late";
  /** Which input of a stage with two it is. */
  readonly side: "left" | "right" | "table" | undefined;
  /** How many of RxJS's own operators values pass in between, as far as it is known. */
  readonly operators: number;
}

/** The nodes and edges of a job, with what each node is the node of. */
export interface JobGraph {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
  /** By the index of the node. */
  readonly identities: readonly object[];
}

/**
 * Makes plain data of a recorded graph.
 *
 * @param parts names of stages that keep state, and the sinks of the job's policies
 */
export function graphOf(
  recorded: Pick<PipelineGraph, "nodes" | "edges">,
  { states, letters }: { readonly states: ReadonlySet<string>; readonly letters: readonly SinkSpec[] },
): JobGraph {
  const graph = withoutTraces(recorded);
  const order = inOrder(graph);
  const ids = new Map<GraphNode, string>();
  const used = new Set<string>();
  for (const node of order) ids.set(node, unique(node, used));
  const nodes = order.map((node): TopologyNode => {
    const { operator, name, watermark } = node;
    return {
      ...{ id: ids.get(node)!, kind: kindOf(node), operator, name: watermark ?? name },
      connector: (node.spec as SourceSpec | SinkSpec | undefined)?.connector.id,
      state: states.has(stateOf(node)),
    };
  });
  const policies = letters.map(({ topic, connector: { id: connector } }): TopologyNode => {
    const id = unique({ operator: "deadLetter", name: topic }, used);
    return { id, kind: "deadLetters", operator: "deadLetter", name: topic, connector, state: false };
  });
  return {
    nodes: [...nodes, ...policies],
    edges: graph.edges.map(({ from, to, ...rest }) => ({ from: ids.get(from)!, to: ids.get(to)!, ...rest })),
    identities: order.map(({ identity }) => identity),
  };
}

/** How a stage is known among those that keep state. */
export function stateOf({ operator, name }: { readonly operator: string; readonly name: string | undefined }): string {
  return `${operator}:${name?.split("/")[0]}`;
}

/** The graph without traces. What feeds a trace feeds what stands below it. */
function withoutTraces(
  { nodes, edges }: Pick<PipelineGraph, "nodes" | "edges">,
): Pick<PipelineGraph, "nodes" | "edges"> {
  let left: GraphEdge[] = [...edges];
  for (const node of nodes) {
    if (node.traces !== true) continue;
    const above = left.filter(({ to }) => to === node);
    left = left.flatMap((edge) => {
      if (edge.to === node) return [];
      if (edge.from !== node) return [edge];
      return above.map(({ from, kind, operators }) => ({
        ...{ from, to: edge.to, side: edge.side, operators: operators + edge.operators },
        kind: kind === "late" ? kind : edge.kind,
      }));
    });
  }
  return { nodes: nodes.filter(({ traces }) => traces !== true), edges: left };
}

/** What is above comes first; otherwise the order of the program. */
function inOrder({ nodes, edges }: Pick<PipelineGraph, "nodes" | "edges">): GraphNode[] {
  const above = Map.groupBy(edges, ({ to }) => to);
  const seen = new Set<GraphNode>(), order: GraphNode[] = [];
  const visit = (node: GraphNode) => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const { from } of (above.get(node) ?? []).toSorted(bySide)) visit(from);
    order.push(node);
  };
  for (const node of nodes) visit(node);
  return order;
}

const SIDES: readonly (GraphSide | undefined)[] = [undefined, "left", "right", "table"];

function bySide(a: GraphEdge, b: GraphEdge): number {
  return SIDES.indexOf(a.side) - SIDES.indexOf(b.side);
}

function unique({ operator, name }: Pick<GraphNode, "operator" | "name">, used: Set<string>): string {
  const id = name === undefined ? operator : `${operator}:${name}`;
  let own = id;
  for (let n = 2; used.has(own); n++) own = `${id}#${n}`;
  used.add(own);
  return own;
}

const KINDS: Readonly<Record<string, TopologyNode["kind"]>> = {
  ...{ source: "source", eventTime: "eventTime", watermark: "watermark", repartition: "hop", lateSideOutput: "late" },
};

function kindOf({ operator, name }: GraphNode): TopologyNode["kind"] {
  if (operator === "sink") return name?.startsWith("kv:") ? "table" : "sink";
  return KINDS[operator] ?? "stage";
}

/** Counts the values that enter each node of a job in this worker, over all of its tasks. */
export class Entered implements EntryCounts {
  readonly #counts: ReadonlyMap<object, EntryCount>;

  constructor(readonly graph: JobGraph) {
    this.#counts = new Map(graph.identities.map((identity) => [identity, new EntryCount()]));
  }

  of(identity: object): EntryCount {
    return this.#counts.get(identity) ?? new EntryCount();
  }

  /** The counts by the id of the node. */
  byId(): Record<string, number> {
    const { nodes, identities } = this.graph;
    return Object.fromEntries(identities.map((identity, index) => [nodes[index].id, this.of(identity).values]));
  }
}
