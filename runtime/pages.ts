/**
 * Where the live pages of a job's workers are. A worker writes it beside the job's state, so that other programs on the
 * same store find a page to ask. An entry may be out of date: its worker may have died.
 *
 * @module
 */
import { pageKey, type Store } from "../state/mod.ts";

/** The most entries that are kept of one job. */
const MOST_PAGES = 16;

/** A page. */
export interface AnnouncedPage {
  /** Its address, without a token. */
  readonly url: string;
  /** The name of its worker, or a random one. */
  readonly worker: string;
  /** When it was opened, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * Writes where a worker's page is.
 *
 * @returns takes it back
 */
export async function announcePage(store: Store, job: string, page: AnnouncedPage): Promise<() => Promise<void>> {
  const key = pageKey(job, page.worker);
  const old = (await readPages(store, job)).filter(({ worker }) => worker !== page.worker).slice(MOST_PAGES - 1);
  await store.atomic([], [
    ...old.map(({ worker }) => ({ type: "delete", key: pageKey(job, worker) } as const)),
    { type: "set", key, value: page },
  ]);
  return async () => {
    await store.atomic([], [{ type: "delete", key }]);
  };
}

/** The pages of a job, the newest first. */
export async function readPages(store: Store, job: string): Promise<AnnouncedPage[]> {
  const pages: AnnouncedPage[] = [];
  for await (const { value } of store.list<AnnouncedPage>(pageKey(job))) pages.push(value);
  return pages.sort((a, b) => b.at - a.at);
}
