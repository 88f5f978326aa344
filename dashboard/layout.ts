/**
 * Where the parts of a pipeline stand in its picture, from left to right. The page gets coordinates, so that it loads no
 * library for them.
 *
 * @module
 */
import type { Topology } from "../runtime/topology.ts";

/** A place in pixels. */
export interface Spot {
  /** From the left. */
  readonly x: number;
  /** From the top. */
  readonly y: number;
}

/** The picture of a pipeline. */
export interface Layout {
  /** Its width, in pixels. */
  readonly width: number;
  /** Its height, in pixels. */
  readonly height: number;
  /** The parts; `x` and `y` are those of their left upper corners. */
  readonly nodes: readonly (Spot & { readonly id: string; readonly width: number; readonly height: number })[];
  /** The lines between them, each with the points that it passes. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly points: readonly Spot[] }[];
}

/** Heights and widths, in pixels. `LETTER` is the mean width of a letter. */
const HEIGHT = 54, LETTER = 7, LEAST = 112, MOST = 230, PADDING = 30;
/** How many letters stand beside an operator: its rate. */
const RATE = 8;

/** Pictures that were made, by their graphs. */
const made = new WeakMap<Graph, Promise<Layout>>();

/** What is laid out. */
export type Graph = Pick<Topology, "nodes" | "edges">;

/** Lays out the graph of a job, once. The library is loaded when the first page is opened. */
export function layoutOf(graph: Graph): Promise<Layout> {
  const known = made.get(graph) ?? laidOut(graph);
  made.set(graph, known);
  return known;
}

async function laidOut({ nodes, edges }: Graph): Promise<Layout> {
  const { default: dagre } = await import("@dagrejs/dagre");
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 44, edgesep: 14, marginx: 2, marginy: 2 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, operator, name } of nodes) {
    const letters = Math.max([...operator].length + RATE, [...name ?? ""].length);
    const width = Math.min(MOST, Math.max(LEAST, letters * LETTER + PADDING));
    graph.setNode(id, { width: Math.round(width), height: HEIGHT });
  }
  edges.forEach(({ from, to }, index) => graph.setEdge(from, to, {}, String(index)));
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    ...{ width: Math.ceil(width), height: Math.ceil(height) },
    nodes: nodes.map(({ id }) => {
      const { x, y, width, height } = graph.node(id);
      return { id, x: tenth(x - width / 2), y: tenth(y - height / 2), width, height };
    }),
    edges: edges.map(({ from, to }, index) => {
      const points: readonly Spot[] = graph.edge({ v: from, w: to, name: String(index) }).points;
      return { from, to, points: points.map(({ x, y }) => ({ x: tenth(x), y: tenth(y) })) };
    }),
  };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
