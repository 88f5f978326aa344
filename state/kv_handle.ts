/**
 * @module
 */

/** An open Deno KV, as a user hands it to a job. Whoever opened it closes it. */
export type KvHandle = Deno.Kv;
