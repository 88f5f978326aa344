/**
 * `telemetry()`: sends metrics and traces of a job to OpenTelemetry.
 *
 * @module
 */
import { metrics, trace } from "@opentelemetry/api";
import { VERSION } from "../base/version.ts";
import type { Job } from "../runtime/job.ts";
import { SCOPE } from "./_names.ts";
import { observe } from "./metrics.ts";
import { Traces } from "./traces.ts";

/**
 * Sends metrics and traces of a job to OpenTelemetry, by the meter and the tracer that the program has registered. In
 * Deno the environment variable `OTEL_DENO=true` registers both, and `OTEL_SERVICE_NAME` and
 * `OTEL_EXPORTER_OTLP_ENDPOINT` say as what and where to. Without any, nothing is sent.
 *
 * The metrics are those of `/metrics`, and `messaging.*` of the semantic conventions. Traces have a span for each commit
 * and for each transaction, at most ten in a second, besides all that are slow or fail.
 *
 * @param job the job that `run()` has started
 * @returns disposing of it ends the sending; the job goes on
 *
 * @example For as long as a job runs
 * ```ts
 * import { memory, run } from "@tidemark/streams";
 * import { telemetry } from "@tidemark/streams/telemetry";
 *
 * const log = memory();
 * log.end("clicks");
 * await using job = await run(log.source("clicks").pipe(log.sink("out")), { name: "short", state: ":memory:", log: () => {} });
 * using _told = telemetry(job);
 * await job.finished;
 * ```
 */
export function telemetry(job: Job): Disposable {
  const stop = observe(metrics.getMeter(SCOPE, VERSION), job);
  const traces = new Traces(trace.getTracer(SCOPE, VERSION), job.name);
  const steps = job.metrics.steps.subscribe((step) => traces.add(step));
  return {
    [Symbol.dispose]() {
      steps.unsubscribe();
      stop();
    },
  };
}
