/**
 * Metrics, traces and logs of a job, for systems that many programs share: OpenTelemetry and LogTape. Nothing of it is
 * loaded, and nothing costs a job anything, where this module is not imported. What it costs, it costs an epoch and
 * never a record.
 *
 * `/metrics` for Prometheus needs none of it: `@tidemark/streams/dashboard` has that.
 *
 * @example Metrics and traces to OpenTelemetry: run the program with OTEL_DENO=true
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memory, run } from "@tidemark/streams";
 * import { telemetry } from "@tidemark/streams/telemetry";
 *
 * const log = memory();
 * log.append("clicks", [{ value: "ada" }]);
 * log.end("clicks");
 * await using job = await run(log.source("clicks").pipe(log.sink("out")), { name: "told", state: ":memory:", log: () => {} });
 * using _told = telemetry(job);
 * assertEquals(await job.finished, { reason: "finished" });
 * ```
 *
 * @module
 */
export { logEvents } from "./logs.ts";
export { telemetry } from "./telemetry.ts";
