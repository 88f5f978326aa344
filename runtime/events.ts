/**
 * What has happened to a job, as typed events. The line that `log` gets is made from the event.
 *
 * @module
 */
import { type Observable, Subject } from "rxjs";
import type { Clock } from "../base/clock.ts";
import { EVENTS_KEPT, SELDOM_MS } from "./limits.ts";
import type { TroubleKind } from "./troubles.ts";

/** How much an event matters. */
export type EventLevel = "info" | "warning" | "error";

/** What an event is about. Each kind has its own facts. */
export type EventFacts =
  /** This worker has taken tasks over. `keys` are the values in their states. */
  | {
    readonly kind: "taken";
    readonly tasks: readonly number[];
    readonly restored: number;
    readonly keys: number;
    readonly ms: number;
  }
  /** The group has given tasks of this worker to others. */
  | { readonly kind: "released"; readonly tasks: readonly number[] }
  /** Another worker has the task. */
  | { readonly kind: "fenced"; readonly task: number | undefined }
  /** This worker has no task any more. */
  | { readonly kind: "standing by" }
  /** The job waits for something, or cannot do all of its work. */
  | { readonly kind: "trouble"; readonly trouble: TroubleKind }
  /** It waits no longer. */
  | { readonly kind: "trouble over"; readonly trouble: TroubleKind }
  /** The start takes long. */
  | { readonly kind: "slow start"; readonly ms: number }
  /** A commit took long. There is at most one such event in ten seconds; `others` were left out since the last. */
  | {
    readonly kind: "slow epoch";
    readonly ms: number;
    readonly tasks: number;
    readonly records: number;
    readonly others: number;
  }
  /** Dead letters were written. There is at most one such event in ten seconds; `letters` counts those since the last. */
  | {
    readonly kind: "dead letter";
    readonly letters: number;
    readonly task: number;
    readonly stage: string;
    readonly topic: string | undefined;
    readonly partition: number | undefined;
    readonly offset: number | undefined;
  }
  /** Records were gone before they could be read. */
  | {
    readonly kind: "missing";
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly next: number;
  }
  /** Results can never be published, and go to the sink `to`. */
  | { readonly kind: "unpublishable"; readonly topic: string; readonly to: string }
  /** The consumer group shows another offset than the checkpoint. */
  | { readonly kind: "other offset"; readonly topic: string; readonly partition: number; readonly offset: number }
  /** An event time is so early that it is most likely in seconds. */
  | { readonly kind: "early time"; readonly eventTime: number }
  /** The job had finished before, and its input has gone on. */
  | { readonly kind: "unread" }
  /** A key has come to a second task. */
  | { readonly kind: "second task"; readonly topic: string; readonly task: number; readonly other: number }
  /** Time behind a hop stands still. */
  | { readonly kind: "hop waits"; readonly hop: string }
  /** What was read of a hop cannot be deleted, so its topic grows. */
  | { readonly kind: "hop grows"; readonly hop: string }
  /** A hop has left the pipeline. */
  | { readonly kind: "hop forgotten"; readonly hop: string }
  /** A connector tells something. */
  | { readonly kind: "connector" }
  /** The job was stopped and has left work to its next start. */
  | { readonly kind: "left behind" }
  /** The job has ended. */
  | { readonly kind: "ended"; readonly reason: "finished" | "stopped" | "failed" };

/** What has happened to a job. */
export type JobEvent = EventFacts & {
  /** Counts the events of this worker, from 1 on. */
  readonly sequence: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** How much it matters. */
  readonly level: EventLevel;
  /** The event in words. */
  readonly text: string;
};

/** The events of a job in this worker: the newest 200, and those to come. */
export interface JobEvents {
  /** The sequence number of the newest event; 0 before the first. */
  readonly last: number;
  /**
   * The newest events, the oldest first.
   *
   * @param after only events with a higher sequence number. @default 0
   */
  list(after?: number): readonly JobEvent[];
  /** Emits each event when it happens, and completes when the job has ended. */
  readonly changes: Observable<JobEvent>;
}

/** The level of events that are more than information. */
const LEVELS: Readonly<Partial<Record<JobEvent["kind"], EventLevel>>> = {
  ...{ "fenced": "warning", "trouble": "warning", "slow start": "warning", "slow epoch": "warning" },
  ...{ "dead letter": "warning", "missing": "warning", "unpublishable": "warning", "other offset": "warning" },
  ...{ "early time": "warning", "unread": "warning", "second task": "warning", "hop waits": "warning" },
  ...{ "hop grows": "warning", "connector": "warning", "left behind": "warning" },
};

/** Keeps the newest events, and gives them to those who listen. */
export class Events implements JobEvents {
  #last = 0;
  readonly #kept: JobEvent[] = [];
  readonly #changes = new Subject<JobEvent>();
  readonly changes: Observable<JobEvent> = this.#changes.asObservable();

  readonly #seldom = new Map<JobEvent["kind"], Seldom>();

  constructor(
    readonly job: {
      readonly name: string;
      readonly clock: Pick<Clock, "now" | "elapsed">;
      readonly log: (line: string) => void;
    },
  ) {}

  get last(): number {
    return this.#last;
  }

  list(after = 0): readonly JobEvent[] {
    const count = Math.min(Math.max(0, this.#last - after), this.#kept.length);
    return Array.from({ length: count }, (_none, n) => this.#kept[(this.#last - count + n) % EVENTS_KEPT]);
  }

  /** An event has happened. Its line is logged. */
  tell(facts: EventFacts, text: string): void {
    this.job.log(`Job ${this.job.name}: ${text}`);
    this.note(facts, text);
  }

  /** An event has happened that has no line in the log. */
  note(facts: EventFacts, text: string): void {
    const failed = facts.kind === "ended" && facts.reason === "failed";
    const level = failed ? "error" : LEVELS[facts.kind] ?? "info";
    const event: JobEvent = { ...facts, sequence: this.#last + 1, at: this.job.clock.now(), level, text };
    this.#kept[this.#last % EVENTS_KEPT] = event;
    this.#last++;
    this.#changes.next(event);
  }

  /**
   * As `note`, for a kind that may come with each record: most of them are only counted.
   *
   * @param facts makes the event, from how many there were since the last one with this one
   */
  noteSeldom(kind: JobEvent["kind"], facts: (count: number) => readonly [EventFacts, string]): void {
    let seldom = this.#seldom.get(kind);
    if (seldom === undefined) this.#seldom.set(kind, seldom = new Seldom());
    const count = seldom.pass(this.job.clock.elapsed());
    if (count !== undefined) this.note(...facts(count));
  }

  /** The job has ended. */
  complete(): void {
    this.#changes.complete();
  }
}

/** Lets an event through from time to time, and counts those that it holds back. */
class Seldom {
  #at = -Infinity;
  #count = 0;

  /** How many there were since the last one that passed, with this one; `undefined` while it does not pass. */
  pass(elapsed: number): number | undefined {
    this.#count++;
    if (elapsed - this.#at < SELDOM_MS) return undefined;
    const count = this.#count;
    this.#at = elapsed;
    this.#count = 0;
    return count;
  }
}
