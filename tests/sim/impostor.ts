/**
 * Somebody who runs the job on a KV of his own, by which all of it would come out twice.
 *
 * @module
 */
import type { Heads } from "./heads.ts";
import type { SimKv } from "./kv.ts";
import type { SimWorker } from "./worker.ts";

/** What somebody is told who runs the job on a store that its other workers do not have. */
export const SHUT_OUT =
  /other workers run this job on another state store|the state store knows nothing of it, but it has run before/;

/** Somebody who runs the job on a KV of his own, and what became of him. */
export interface Impostor {
  readonly is: "waiting" | "refused" | "let in";
  readonly kv: SimKv;
  readonly heads: Heads;
  readonly worker: SimWorker;
}
