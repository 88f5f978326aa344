/** For tests of jobs that use a schema registry: bounded jobs on topics in memory, and their dead letters. */
import { assertEquals } from "@std/assert";
import type { Observable } from "rxjs";
import { memory, run, type RunOptions } from "@tidemark/streams";
import type { MemoryLog } from "../../connectors/memory.ts";
import { header } from "./jobs.ts";

/** Runs a job to the end of its input. */
export async function finish(pipeline: Observable<unknown>, options: Partial<RunOptions> = {}): Promise<void> {
  await using job = await run(pipeline, { name: "orders", state: ":memory:", log: () => {}, ...options });
  assertEquals(await job.finished, { reason: "finished" });
}

/** Appends values and ends the topic. */
export function filled(values: readonly Uint8Array[], log: MemoryLog = memory()): MemoryLog {
  log.append("orders", values.map((value) => ({ value })));
  log.end("orders");
  return log;
}

/** The dead letters of a log: where from, and why. */
export function letters(log: MemoryLog): string[][] {
  return log.records("letters").map((one) => [header(one, "tidemark.source"), header(one, "tidemark.reason")]);
}
