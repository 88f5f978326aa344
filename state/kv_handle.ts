/**
 * @module
 */

/** An open Deno KV that a user passes to a job. The user closes it; the job does not. */
export type KvHandle = Deno.Kv;
