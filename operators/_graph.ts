/**
 * The graph of a job's pipelines: its stages, and what flows between them. It is recorded while the job is planned.
 *
 * An Observable that is subscribed several times is one node. A node that is subscribed through a Subject, as above a
 * `connect()`, feeds the inputs that were subscribed to that Subject before.
 *
 * @module
 */
/** Which input of a stage: one of two, or a table that stands apart. */
export type GraphSide = "left" | "right" | "table";

/** What a node is. */
export interface NodeFacts {
  /** The operator: `tumblingWindow`, `source`, `sink`. */
  readonly operator: string;
  /** The name of the stage, or the topic of a source or sink. */
  readonly name: string | undefined;
  /** Set for a stage: whether watermarks pass, or the stage acts on them first. */
  readonly time?: "passes" | "own";
  /** The specification of a source or sink. */
  readonly spec?: unknown;
  /** Set for a trace. It only records what passes, so it is no stage of the job. */
  readonly traces?: boolean;
}

/** A node as it is recorded. */
export interface GraphNode extends NodeFacts {
  /** The Observable or specification that it is the node of. */
  readonly identity: object;
  /** The name of the `watermark()`, once it is known. */
  watermark: string | undefined;
}

/** What flows from one node to another. */
export interface GraphEdge {
  readonly from: GraphNode;
  readonly to: GraphNode;
  readonly kind: "values" | "late";
  readonly side: GraphSide | undefined;
  /** How many of RxJS's own operators are between the two. */
  readonly operators: number;
}

/** An input of a stage. */
interface GraphInput {
  readonly node: GraphNode;
  readonly side: GraphSide | undefined;
  /** Whether it is known what feeds it. */
  fed: boolean;
}

/** What stands below a node: an input, if there is one, and how many of RxJS's own operators are between. */
interface Below {
  readonly link: object | undefined;
  readonly operators: number;
}

/** Records the graph. */
export class PipelineGraph {
  readonly edges: GraphEdge[] = [];
  readonly #nodes = new Map<object, GraphNode>();
  readonly #inputs = new Map<object, GraphInput>();
  /** The inputs whose subscription is under way, the innermost last. */
  readonly #open: GraphInput[] = [];

  /** The nodes in the order in which they were subscribed: what is below comes first. */
  get nodes(): readonly GraphNode[] {
    return [...this.#nodes.values()];
  }

  /** A node. The first call makes it. */
  node(identity: object, facts: NodeFacts): GraphNode {
    const known = this.#nodes.get(identity);
    if (known !== undefined) return known;
    const node = { ...facts, identity, watermark: undefined };
    this.#nodes.set(identity, node);
    return node;
  }

  /** A stage has this input. Its source is subscribed inside. */
  subscribe(input: object, node: GraphNode, side: GraphSide | undefined, subscribe: () => void): void {
    const entry: GraphInput = { node, side, fed: false };
    this.#inputs.set(input, entry);
    this.#open.push(entry);
    try {
      subscribe();
    } finally {
      this.#open.pop();
    }
  }

  /** A node is subscribed by what stands below it. */
  feeds(from: GraphNode, { link, operators }: Below, kind: GraphEdge["kind"] = "values"): void {
    if (link !== undefined) {
      const input = this.#inputs.get(link);
      if (input !== undefined) this.#connect(from, input, kind, operators);
      return;
    }
    const unfed = [...this.#inputs.values()].filter((input) => !input.fed && !this.#open.includes(input));
    const inputs = unfed.length > 0 ? unfed : this.#open.slice(-1);
    for (const input of inputs) this.#connect(from, input, kind, 0);
  }

  #connect(from: GraphNode, input: GraphInput, kind: GraphEdge["kind"], operators: number): void {
    input.fed = true;
    const { node: to, side } = input;
    const known = this.edges.some((edge) =>
      edge.from === from && edge.to === to && edge.side === side && edge.kind === kind
    );
    if (!known) this.edges.push({ from, to, kind, side, operators });
  }
}

/**
 * How many values have entered a node. A stage counts each of its values: a field of an object costs less than an element
 * of an array.
 */
export class EntryCount {
  values = 0;
}

/** Counts the values that enter each node, for all tasks of a worker. */
export interface EntryCounts {
  /** The count of a node. One that was not there when the job was planned has a count that nobody reads. */
  of(identity: object): EntryCount;
}
