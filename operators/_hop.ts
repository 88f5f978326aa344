/**
 * A hop in one task: the bottom of the part above it, and the source of the part below it. Two pipelines that share the
 * part above share the hop.
 *
 * @module
 */
import { Observable, type Subscriber } from "rxjs";
import { linkBelow, placeFor } from "./_chain.ts";
import { END_OF_TIME } from "./_limits.ts";
import { HopMarks } from "./_hop_marks.ts";
import { PassingHop } from "./_hop_passing.ts";
import { HopTold } from "./_hop_told.ts";
import type { HopPort, HopStatus } from "./_host.ts";
import * as misuse from "./_misuse.ts";
import { operate } from "./_operate.ts";
import { type AttachedSource, openScope, type Scope, WatermarkProvider } from "./_scope.ts";
import { Bottom, endSource } from "./_source.ts";
import type { Stage } from "./_stage.ts";
import { needKey, type Task } from "./_task.ts";
import type { Key } from "./keyed_state.ts";

/** A hop as the program describes it. */
interface HopOptions<T> {
  /** The same object in every task. */
  readonly identity: object;
  readonly name: string;
  /** `undefined`: every value goes to all tasks. */
  readonly key: ((value: T) => Key) | undefined;
  readonly partitions: number | undefined;
  /** The part above. */
  readonly source: Observable<T>;
}

/**
 * The values of a hop, as a source for the part below. Without a job, and where one task has all keys, the values of the
 * part above themselves.
 */
export function hopOf<T>(options: Omit<HopOptions<T>, "identity">): Observable<T> {
  const identity = {};
  const label = `repartition "${options.name}"`;
  const hopped = new Observable<T>((out) => {
    const host = openScope()?.task.host;
    if (host === undefined) return void options.source.subscribe(out);
    const { task, below } = placeFor(out, label);
    if (task.phase !== "binding") throw misuse.subscribedLater(label);
    if (host.bindHop === undefined) return PassingHop.of(task, { ...options, identity }).attach(below, out);
    Hop.of(task, { ...options, identity }).attach(below, out);
    const graph = task.host?.graph;
    graph?.feeds(graph.node(identity, { operator: "repartition", name: options.name }), linkBelow(out));
  });
  // Where values pass on, stages below find those above through this, as through RxJS's own operators.
  hopped.source = options.source;
  return hopped;
}

/** A hop in one task. */
class Hop {
  /** What reads the hop: one for each subscription of the part below. */
  readonly #readers: WatermarkProvider[] = [];
  #port!: HopPort;
  #marks!: HopMarks;
  #isOpen = true;
  /** Whether there are watermarks above. They then cross the hop. */
  #timed = false;

  private constructor(
    readonly task: Task,
    readonly label: string,
    readonly identity: object,
    readonly broadcast: boolean,
  ) {}

  /** The hop of this name in a task. The first call subscribes the part above. */
  static of<T>(task: Task, options: HopOptions<T>): Hop {
    const { name, identity } = options;
    const label = `repartition "${name}"`;
    const known = task.hops.get(name);
    if (known !== undefined && known.identity !== identity) throw misuse.secondHop(label);
    if (known instanceof Hop) return known;
    const hop = new Hop(task, label, identity, options.key === undefined);
    task.hops.set(name, hop);
    hop.#bind(options);
    return hop;
  }

  #bind<T>(options: HopOptions<T>): void {
    const { task, label } = this;
    const bottom = new Bottom(task, label, () => {
      this.#isOpen = false;
    });
    bottom.drain(options.source.pipe(this.#sending(options)));
    if (task.failure === undefined && !bottom.scope.sourced) task.fail(misuse.noSource(label), label, "misuse");
    // The error belongs to the task, which is closed for it. Nothing below can be bound without the part above.
    if (task.failure !== undefined) throw task.failure.error;
  }

  /** The last stage of the part above: sends every value to the task of its key. */
  #sending<T>({ name, key, partitions, identity }: HopOptions<T>) {
    return operate<T, never>(
      { operator: "repartition", name, identity, time: "own", keeps: true, reads: key ?? (() => {}) },
      (stage) => {
        let told: HopTold;
        return {
          open: () => {
            told = this.#open(stage, name, partitions);
          },
          next: (value) => {
            const to = key?.(value);
            if (key !== undefined) needKey(to, stage.label);
            this.#port.send(value, to, told.next());
          },
          cut: () => told.cut(),
          end: () => told.end(),
        };
      },
    );
  }

  #open({ scope }: Stage, name: string, partitions: number | undefined): HopTold {
    const { task, label, identity, broadcast } = this;
    this.#timed = scope.providers.length > 0;
    const above = [...new Set(scope.sources.map((source) => source.label))];
    const hear = (sender: number, watermark: number, status: HopStatus) => this.#hear(sender, watermark, status);
    const port = this.#port = task.host!.bindHop!({
      ...{ identity, name, partitions, broadcast, above, hear },
      open: () => this.#isOpen,
      silent: () => this.#timed ? this.#marks.silent : [],
      reached: (sender) => this.#marks.reached(sender),
      takes: (sender, sequence) => this.#marks.takes(sender, sequence),
    });
    const told = new HopTold(port, scope);
    const marks = this.#marks = new HopMarks(port.senders);
    const toldBefore = task.host!.restoredClock(task.addClock(`${label} sends${port.life}`, told));
    if (toldBefore !== undefined) told.restore(toldBefore);
    const clock = {
      identity: marks,
      forwards: true,
      snapshot: () => marks.snapshot(),
      tick: () => false,
    };
    const heardBefore = task.host!.restoredClock(task.addClock(`${label} reads${port.life}`, clock));
    if (heardBefore !== undefined) marks.restore(heardBefore);
    return told;
  }

  /** Attaches one subscription of the part below. */
  attach(below: Scope, out: Subscriber<unknown>): void {
    const { task, label } = this;
    const reader = this.#timed ? this.#provide(below) : undefined;
    const end = () => {
      reader?.tell(END_OF_TIME, false, true);
      endSource(task, source, out);
    };
    const slots = this.#port.listen({ subscriber: out, end });
    const hop = this.#timed ? label : undefined;
    const source: AttachedSource = { label: this.#port.topic, slots, hop, broadcast: this.broadcast };
    below.attachSource(source, this.#timed);
    out.add(() => {
      // An operator such as take() has ended the stream early. Offsets would go on without the pipeline.
      if (task.phase === "running" && task.failure === undefined && source.ended !== true) {
        task.fail(misuse.completedEarly(label), label, "misuse");
      }
    });
  }

  #provide(below: Scope): WatermarkProvider {
    const provider = new WatermarkProvider();
    below.attachProvider(provider);
    provider.holder = () => this.#marks.holder(this.label);
    provider.watermark = this.#marks.watermark;
    provider.idle = this.#marks.idle;
    this.#readers.push(provider);
    return provider;
  }

  /** A control record has come. */
  #hear(sender: number, watermark: number, status: HopStatus): void {
    const marks = this.#marks;
    marks.hear(sender, watermark, status);
    if (marks.ended) return this.#port.over();
    const { watermark: reached, idle } = marks;
    for (const reader of this.#readers) reader.tell(reached, idle);
  }
}
