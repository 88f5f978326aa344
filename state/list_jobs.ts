/**
 * The names of the jobs that a store knows.
 *
 * @module
 */
import { jobKey } from "./keys.ts";
import { type Patience, persist } from "./retry.ts";
import type { Store, StoreKey } from "./store.ts";

/** Lists the jobs that were started on a store, by name. It reads a few entries of each, however large its state is. */
export async function listJobs(store: Store, options: Patience): Promise<string[]> {
  const jobs: string[] = [];
  for (let name = await nameAfter(store, ""); name !== undefined; name = await nameAfter(store, `${name}\0`)) {
    const found = await persist(options, () => store.get(jobKey(name!)));
    if (found !== undefined) jobs.push(name);
  }
  return jobs;
}

/** The first name at or after this one. */
async function nameAfter(store: Store, name: string): Promise<string | undefined> {
  const start: StoreKey = ["job", name];
  for await (const { key } of store.list(["job"], { start })) return String(key[1]);
  return undefined;
}
