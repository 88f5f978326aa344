/**
 * The faults of a run, as data. A plan is drawn from the seed, and can be reduced to the faults that matter.
 *
 * @module
 */
import type { Right } from "./kafka/rights.ts";

/**
 * The kind of request that a fault waits for. `rows`: an atomic with rows of tables alone. `step`: the moment before
 * anything the process awaits is delivered to it.
 */
export type Target =
  | "any"
  | "kv"
  | "commit"
  | "rows"
  | "transaction"
  | "end"
  | "producer"
  | "markers"
  | "group"
  | "step";

/** A fault of a worker at one of its requests, or when it goes on after waiting: it dies or stands still. */
export interface CallFault {
  readonly on: "call";
  readonly worker: number;
  readonly target: Target;
  /** Which of its requests or steps of that kind, counted from the first start of the worker. */
  readonly nth: number;
  readonly act: CallAct;
}

/**
 * - `kill`: the process dies. The request under way still reaches the server, `late` milliseconds later, or never (-1).
 *   A new process is started after `restart` milliseconds.
 * - `pause`: the process stands still, then goes on as if nothing had happened: after this time, or when another worker
 *   that must have taken over makes a request of the kind `until`. That request then takes `holds` milliseconds longer.
 *   So old owners meet their successors in the middle of their work, and may be faster.
 * - `lose request`, `lose reply`: the caller learns that the outcome is unknown.
 * - `late`: the caller learns that the outcome is unknown, and the request arrives afterwards.
 * - `repeat`: a client repeats the request by itself: it takes effect twice, and the caller gets the second answer.
 * - `hang`: no answer ever comes, though the request takes effect: a half-open connection.
 * - `locked`: the file of the KV is locked: certainly nothing was done.
 * - `slow`: nothing is lost, but the request takes long.
 * - `stop`: the worker is stopped in order, and started again.
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

/** A fault of the world at a time. */
export interface WorldFault {
  readonly on: "time";
  /** Milliseconds after the beginning. */
  readonly at: number;
  readonly act: WorldAct;
}

/**
 * - `down`: all brokers are away for this long.
 * - `load`: coordinators are loading for this long.
 * - `move`: a partition has no leader for this long, then another broker leads it.
 * - `age`: time removes input that was processed, or markers that have not moved for days.
 * - `kill all`: every process dies, and is started again after `restart`. Meanwhile a person may `reset` the job's
 *   group, the KV is `restored` from the earlier `copy`, markers are `expired`, input is `trimmed` by retention (beyond
 *   what was processed), or the input topic is `remade` or has `grown`.
 * - `jump`: a worker's wall clock jumps.
 * - `stop`, `kill`: a worker is asked to stop, or dies, and is started again after `restart` milliseconds; `leave`: it dies for good.
 * - `impostor`: somebody starts the job once more, on an empty KV; at the beginning he may be the one who is let in.
 * - `change`: people change something for so long.
 * - `reset`: every process is stopped, and one is started with `reset` after a while, the others soon after; `together`: all are
 *   started with it.
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
  | { readonly do: "reset"; readonly restart: number; readonly together: boolean }
  | { readonly do: "change"; readonly what: Change; readonly ms: number }
  | { readonly do: "jump"; readonly worker: number; readonly ms: number };

/** Disasters while no worker runs. */
export type Disaster = "reset" | "restored" | "expired" | "trimmed" | "remade" | "grown";

/**
 * What people change while the job runs:
 * - `deny`: a right is taken away.
 * - `configure`: some of a topic's configuration is changed.
 * - `limit transactions`: the broker accepts no longer timeout than this, in milliseconds.
 * - `quota`: the limit for all producers together, in bytes per second.
 * - `remake`: an output topic is deleted and created anew with fewer partitions; in the end it gets as many as it had.
 * - `grow`: the input gets more partitions, for good.
 * - `hold`: another program has an open transaction in a partition of the input.
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

/** The name of the step in which a process goes on after an answer or a timer. */
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
    case "rows":
      return /^kv write( row)+$/.test(what);
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

/** A fault as text. */
export function showFault(fault: Fault): string {
  if (fault.on === "time") return `at ${fault.at} ms: ${JSON.stringify(fault.act)}`;
  return `worker ${fault.worker}, number ${fault.nth} of kind ${fault.target}: ${JSON.stringify(fault.act)}`;
}
