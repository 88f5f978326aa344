/**
 * `logEvents()`: gives the events of a job to LogTape, as records with fields.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { JobEvent } from "../runtime/events.ts";
import type { Job } from "../runtime/job.ts";

/**
 * Gives the events of a job to LogTape: those that the job remembers, and each that happens from now on. Its category is
 * `["tidemark", <the job's name>]`. A record has the event's time, level and text, and its facts as properties. Nothing
 * is written anywhere before the program calls `configure()` of LogTape. Without this function a job writes lines for
 * people by its option `log`.
 *
 * @param job the job that `run()` has started
 * @returns disposing of it ends it; the job goes on
 *
 * @example Lines of JSON in place of lines for people
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { configure, type LogRecord } from "@logtape/logtape";
 * import { memory, run } from "@tidemark/streams";
 * import { logEvents } from "@tidemark/streams/telemetry";
 *
 * const records: LogRecord[] = [];
 * await configure({
 *   sinks: { kept: (record) => records.push(record) },
 *   loggers: [
 *     { category: "tidemark", sinks: ["kept"], lowestLevel: "info" },
 *     { category: ["logtape", "meta"], sinks: [], lowestLevel: "warning" },
 *   ],
 *   reset: true,
 * });
 * const log = memory();
 * log.append("clicks", [{ value: "ada" }]);
 * log.end("clicks");
 * await using job = await run(log.source("clicks").pipe(log.sink("out")), { name: "shop", state: ":memory:", log: () => {} });
 * using _logged = logEvents(job);
 * await job.finished;
 * assertEquals(records.at(-1)?.properties, { job: "shop", kind: "ended", reason: "finished" });
 * ```
 */
export function logEvents(job: Job): Disposable {
  const logger = getLogger(["tidemark", job.name]);
  const log = (event: JobEvent) => {
    const { sequence: _sequence, at: timestamp, level, text, ...facts } = event;
    logger.emit({ timestamp, level, message: [text], rawMessage: text, properties: { job: job.name, ...facts } });
  };
  for (const event of job.events.list()) log(event);
  const events = job.events.changes.subscribe(log);
  return { [Symbol.dispose]: () => events.unsubscribe() };
}
