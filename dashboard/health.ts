/**
 * Whether a worker is alive, and whether it is ready: for whoever starts, restarts and watches processes. The answers
 * need no token, so they say no names.
 *
 * @module
 */
import type { Measurements, TroubleKind } from "../runtime/measurements.ts";
import { LIVE_MS, READY_MS } from "./limits.ts";

/** An answer: 200 or 503, and JSON. */
export interface Health {
  readonly status: 200 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a worker waits for, without a name. */
const WHY: Readonly<Record<TroubleKind, string>> = {
  store: "the state store does not answer",
  results: "results cannot be published",
  tasks: "tasks cannot be taken over",
  input: "the input cannot be read",
  codecs: "a codec waits for what it must fetch",
  tables: "a new task waits for its tables",
  group: "the consumer group cannot be reached",
  members: "other programs are members of the consumer group",
  partitions: "inputs have partitions that no task reads",
  transactions: "open transactions hold the input back",
};

/**
 * Whether the loop of the worker turns. A broker or a store that is away is no reason against it: a restart would not
 * bring it back.
 */
export function livez({ loopAge }: Pick<Measurements, "loopAge">): Health {
  if (loopAge < LIVE_MS) return { status: 200, body: { live: true } };
  return { status: 503, body: { live: false, why: `the loop has not turned for ${Math.floor(loopAge / 1000)} s` } };
}

/** Whether the worker does its work: it has its tasks, and waits for nothing that should be there. */
export function readyz({ ended, waits }: Pick<Measurements, "ended" | "waits">): Health {
  if (ended === "failed" || ended === "stopped") return notReady(`the job has ${ended}`);
  const long = waits.filter(({ blocks, since }) => blocks && since > READY_MS).sort((a, b) => b.since - a.since);
  if (long.length === 0) return { status: 200, body: { ready: true } };
  return notReady(long.map(({ kind, since }) => `${WHY[kind]}, for ${Math.floor(since / 1000)} s`).join("; and "));
}

function notReady(why: string): Health {
  return { status: 503, body: { ready: false, why } };
}
