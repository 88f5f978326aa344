/**
 * A hop where one task has all keys: its values pass on within the push that brings them. Two pipelines that share the
 * part above share the hop, as they do where values go through a topic.
 *
 * The watermark of the part above is the watermark of each part below. Nothing of it is stored: the stages above have
 * clocks of their own.
 *
 * @module
 */
import type { Observable, Subscriber } from "rxjs";
import { linkBelow } from "./_chain.ts";
import type { GraphNode } from "./_graph.ts";
import { END_OF_TIME } from "./_limits.ts";
import * as misuse from "./_misuse.ts";
import { type Scope, WatermarkProvider } from "./_scope.ts";
import { Bottom } from "./_source.ts";
import type { Task } from "./_task.ts";

/** What is known of a hop whose values pass on. */
interface PassingOptions<T> {
  /** The same object in every task. */
  readonly identity: object;
  readonly name: string;
  /** The part above. */
  readonly source: Observable<T>;
}

/** A hop in the only task of a job. */
export class PassingHop extends Bottom {
  readonly identity: object;
  readonly #outs: Subscriber<unknown>[] = [];
  /** What tells each part below of the watermark, where there is one above. */
  readonly #readers: WatermarkProvider[] = [];
  /** Its node, while a job is planned. */
  #node: GraphNode | undefined;
  #over = false;

  private constructor(task: Task, label: string, identity: object) {
    super(task, label, () => this.#end());
    this.identity = identity;
  }

  /** The hop of this name in a task. The first call subscribes the part above. */
  static of<T>(task: Task, { identity, name, source }: PassingOptions<T>): PassingHop {
    const label = `repartition "${name}"`;
    const known = task.hops.get(name);
    if (known !== undefined && known.identity !== identity) throw misuse.secondHop(label);
    if (known instanceof PassingHop) return known;
    const hop = new PassingHop(task, label, identity);
    task.hops.set(name, hop);
    hop.#bind(name, source);
    return hop;
  }

  #bind(name: string, source: Observable<unknown>): void {
    const { task, label, scope, identity } = this;
    const graph = task.host?.graph;
    const bind = () => this.drain(source);
    this.#node = graph?.node(identity, { operator: "repartition", name });
    if (this.#node === undefined) bind();
    else graph!.subscribe(this, this.#node, undefined, bind);
    if (task.failure === undefined && !scope.sourced) task.fail(misuse.noSource(label), label, "misuse");
    // The error belongs to the task, which is closed for it. Nothing below can be bound without the part above.
    if (task.failure !== undefined) throw task.failure.error;
    scope.settle();
    scope.listener = { advance: () => this.#tell(), idle: () => this.#tell() };
  }

  /** Attaches one subscription of the part below. */
  attach(below: Scope, out: Subscriber<unknown>): void {
    const { scope, label, task } = this;
    if (this.#node !== undefined) task.host!.graph!.feeds(this.#node, linkBelow(out));
    for (const source of scope.sources) below.attachSource(source, !scope.bare.includes(source));
    if (scope.providers.length > 0) {
      const reader = new WatermarkProvider();
      below.attachProvider(reader);
      reader.holder = () => scope.holder();
      reader.watermark = scope.watermark;
      reader.idle = scope.idle;
      this.#readers.push(reader);
    }
    this.#outs.push(out);
    out.add(() => {
      // An operator such as take() has ended the stream early. Offsets would go on without the pipeline.
      if (task.phase === "running" && task.failure === undefined && !this.#over) {
        task.fail(misuse.completedEarly(label), label, "misuse");
      }
    });
  }

  #tell(): void {
    const { watermark, idle, ended } = this.scope;
    for (const reader of this.#readers) reader.tell(watermark, idle, watermark === END_OF_TIME && ended);
  }

  /** Everything above has ended, and all that fires at the end has passed. */
  #end(): void {
    this.#over = true;
    for (const reader of this.#readers) reader.tell(END_OF_TIME, false, true);
    for (const out of this.#outs) out.complete();
  }

  protected override _next(value?: unknown): void {
    const { task } = this;
    const time = task.timestamp;
    for (const out of this.#outs) {
      // What is below may have set another time.
      task.timestamp = time;
      out.next(value);
    }
  }
}
