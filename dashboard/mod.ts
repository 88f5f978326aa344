/**
 * The live page of a job, and the API behind it.
 *
 * @example A page beside a job
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memory, run } from "@tidemark/streams";
 * import { dashboard } from "@tidemark/streams/dashboard";
 *
 * const log = memory();
 * await using job = await run(log.source("clicks").pipe(log.sink("out")), { name: "page", state: ":memory:", log: () => {} });
 * await using page = await dashboard(job, { port: 0, log: () => {} });
 *
 * const details = await (await fetch(new URL("/api/details", page.url))).json();
 * assertEquals(details.job, "page");
 * ```
 *
 * @module
 */
export { type Dashboard, dashboard, type DashboardOptions } from "./dashboard.ts";
