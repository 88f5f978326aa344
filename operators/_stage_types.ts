/**
 * The properties, handlers and parts of a stage.
 *
 * @module
 */
import type { GraphNode } from "./_graph.ts";
import type { TaskFailure } from "./_host.ts";
import type { Scope } from "./_scope.ts";
import type { KeyedStateSpec } from "./keyed_state.ts";

/** The properties of an operator's stage. */
export interface StageOptions {
  /** What the stage is found again by in every task, where its Observable is made anew for each. @default the Observable */
  readonly identity?: object;
  /** The operator's name, for messages. */
  readonly operator: string;
  /** The stage's own name, for messages and for its state. */
  readonly name?: string;
  /** Whether watermarks pass through the stage, or the stage acts on them first. */
  readonly time: "passes" | "own";
  /** It makes watermarks itself, so it does not forward those from above. */
  readonly makesWatermarks?: boolean;
  /** It needs a watermark, as a window or a join does. */
  readonly needsWatermark?: boolean;
  /** The specification of a sink. */
  readonly spec?: unknown;
  /** It keeps state or writes to a sink. Values must arrive within their epoch, from a source of the job. */
  readonly keeps: boolean;
  /** It only records what passes, as `trace()` does, and is no stage of the job's graph. @default false */
  readonly traces?: boolean;
  /** Without a job it subscribes its source only after the whole graph is bound, and counts as a source itself. */
  readonly defers?: boolean;
  /** The kind of failure that an error in it is. @default "user" */
  readonly failure?: TaskFailure["kind"];
  /**
   * The function with which it reads a value before it changes any state. If that function throws on a tombstone, the
   * record is bad and can be skipped safely.
   */
  readonly reads?: (value: never) => unknown;
}

/** Options of one state of a stage. */
export interface StateOptions extends Partial<Omit<KeyedStateSpec, "name" | "operator" | "kind">> {
  /** Names one of several states of the stage. It is appended to the stage's name. */
  readonly part?: string;
}

/** The handlers of a stage, besides those for values. */
export interface StageHandlers {
  /** Everything above is subscribed, and the state is restored. */
  open?(): void;
  /** The watermark has risen, and the timers up to it have fired. It is forwarded after this. */
  advance?(watermark: number): void;
  /** An epoch is about to be cut. Values that are emitted now are part of it. */
  cut?(): void;
  /** The input has ended. The stream below completes after this handler and after the last hold. */
  end?(): void;
  /** The subscription is over, whatever the reason. */
  close?(): void;
}

/** Where a stage's results go: the subscriber of the stage below. */
export interface Out<Result = unknown> {
  next(value: Result): void;
  readonly closed: boolean;
}

/** The parts of a stage. */
export interface StageParts {
  readonly out: Out;
  /** The scope of everything above the stage. */
  readonly scope: Scope;
  /** The scope of the stage below. */
  readonly below: Scope;
  /** `tumblingWindow "activity"` */
  readonly label: string;
  readonly options: StageOptions;
  /** The stage in the graph of the job. Set while the job is planned. */
  readonly node: GraphNode | undefined;
  /** Ends the stream with a failure. */
  readonly failed: (error: Error) => void;
}
