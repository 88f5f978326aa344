/**
 * What can go wrong in a run, as data: a plan is drawn from the seed, and can be cut down to the faults that matter.
 *
 * @module
 */
import type { Right } from "./kafka/rights.ts";

/** What kind of request a fault waits for; `step`: for the moment before whatever the process waits for is delivered to it. */
export type Target = "any" | "kv" | "commit" | "transaction" | "end" | "producer" | "markers" | "group" | "step";

/** Something that happens to a worker at one of its requests, or when it goes on from where it waited: then it dies or stands still. */
export interface CallFault {
  readonly on: "call";
  readonly worker: number;
  readonly target: Target;
  /** Which of its requests or steps of that kind, counted from when the worker was started first. */
  readonly nth: number;
  readonly act: CallAct;
}

/**
 * - `kill`: the process dies; the request under way still reaches the server, `late` milliseconds later, or not at all (-1). A new
 *   one is started after `restart` milliseconds.
 * - `pause`: the process stands still, then goes on as if nothing had been: after so long, or where another worker makes a request of
 *   the kind `until`, for which it must have taken over from this one; that request then takes `holds` milliseconds longer. So zombies
 *   meet their successors in the middle of their work, and may be faster.
 * - `lose request`, `lose reply`: the caller learns that the outcome is unknown.
 * - `late`: the caller is told that the outcome is unknown, and the request arrives after that.
 * - `repeat`: a client's own repetition: the request takes effect, and so does a copy of it, whose answer is the caller's.
 * - `hang`: nobody ever answers, though the request takes effect: a connection that is half open.
 * - `locked`: the file of the KV is locked: surely nothing was done.
 * - `slow`: nothing is lost, but it takes long.
 * - `stop`: the worker is asked to stop, and started again.
 */
export type CallAct =
  | { readonly do: "kill"; readonly when: "asking" | "answered"; readonly late: number; readonly restart: number }
  | {
    readonly do: "pause";
    readonly when: "asking" | "answered";
    readonly ms: number;
    readonly until?: Target | undefined;
    readonly holds?: number;
  }
  | { readonly do: "lose request" | "lose reply" | "hang" }
  | { readonly do: "late" | "repeat" | "slow"; readonly ms: number }
  | { readonly do: "locked"; readonly times: number }
  | { readonly do: "stop"; readonly restart: number };

/** Something that happens to the world at a time. */
export interface WorldFault {
  readonly on: "time";
  /** Milliseconds after the beginning. */
  readonly at: number;
  readonly act: WorldAct;
}

/**
 * - `down`: all brokers are away for so long.
 * - `load`: coordinators are loading for so long.
 * - `move`: a partition is led by nobody for so long, then by another broker.
 * - `age`: time takes away input that was processed, or markers that have not moved for days.
 * - `kill all`: every process dies, and is started again after `restart`; meanwhile a person may `reset` the job's group, the KV is
 *   `restored` from the `copy` that was made before, markers are `expired`, input is `trimmed` by retention (beyond what was
 *   processed), or the input topic is `remade` or has `grown`.
 * - `jump`: a worker's wall clock jumps.
 * - `stop`, `kill`: a worker is asked to stop, or dies, and is started again after `restart` milliseconds; `leave`: it dies for good.
 * - `impostor`: somebody starts the job once more, on an empty KV.
 * - `change`: people change something for so long.
 */
export type WorldAct =
  | { readonly do: "down" | "load"; readonly ms: number }
  | { readonly do: "kill all"; readonly restart: number; readonly then?: Disaster | undefined }
  | { readonly do: "move"; readonly topic: string; readonly partition: number; readonly ms: number }
  | { readonly do: "age"; readonly what: "input" | "markers" }
  | { readonly do: "copy" }
  | { readonly do: "stop" | "kill"; readonly worker: number; readonly restart: number }
  | { readonly do: "leave"; readonly worker: number }
  | { readonly do: "impostor" }
  | { readonly do: "change"; readonly what: Change; readonly ms: number }
  | { readonly do: "jump"; readonly worker: number; readonly ms: number };

/** What happens while nobody works. */
export type Disaster = "reset" | "restored" | "expired" | "trimmed" | "remade" | "grown";

/**
 * What people change while the job runs:
 * - `deny`: a right is taken away.
 * - `configure`: some of a topic's configuration is another one.
 * - `limit transactions`: the broker takes no longer timeout than this, in milliseconds.
 * - `quota`: what all producers may send, in bytes a second.
 * - `remake`: an output topic is deleted and made anew with fewer partitions; in the end it gets as many as it had.
 * - `grow`: the input has more partitions, for good.
 * - `hold`: somebody else has a transaction open in a partition of the input.
 */
export type Change =
  | { readonly change: "deny"; readonly right: Right }
  | { readonly change: "configure"; readonly topic: string; readonly config: Readonly<Record<string, string>> }
  | { readonly change: "limit transactions"; readonly timeout: number }
  | { readonly change: "quota"; readonly bytes: number }
  | { readonly change: "remake"; readonly topic: string; readonly partitions: number }
  | { readonly change: "grow"; readonly partitions: number }
  | { readonly change: "hold"; readonly partition: number; readonly commit: boolean };

export type Fault = CallFault | WorldFault;

/** What a process does when it goes on from where it waited: an answer has come, or a timer has run out. */
export const STEP = "go on";

/** Whether a request is of the kind. */
export function isTarget(target: Target, what: string): boolean {
  switch (target) {
    case "any":
      return what !== STEP;
    case "step":
      return what === STEP;
    case "kv":
      return what.startsWith("kv");
    case "commit":
      return what.startsWith("kv write");
    case "transaction":
      return /^kafka (add|produce|commit in|end)/.test(what);
    case "end":
      return what === "kafka end transaction";
    case "producer":
      return what === "kafka init producer";
    case "markers":
      return what === "kafka committed offsets";
    case "group":
      return /^kafka (join|sync|heartbeat|leave)/.test(what);
  }
}

/** A fault for people. */
export function showFault(fault: Fault): string {
  if (fault.on === "time") return `at ${fault.at} ms: ${JSON.stringify(fault.act)}`;
  return `worker ${fault.worker}, number ${fault.nth} of kind ${fault.target}: ${JSON.stringify(fault.act)}`;
}
