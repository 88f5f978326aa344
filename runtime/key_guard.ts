/**
 * Where tasks go by partition, a stage must be keyed by what its topic is keyed by: else records of one key come to several tasks.
 *
 * @module
 */
import type { Task } from "../operators/_task.ts";
import { positionOf } from "./results.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Compares a key that a stage sees for the first time with that of the record, or of the window above. Throws where they differ. */
export function guardKey(task: Task, key: unknown, stage: string): void {
  const { record, pane } = task;
  if (record === undefined) {
    if (pane === undefined || pane.key === key) return;
    throw misused(
      task,
      `${stage} is keyed by ${JSON.stringify(String(key))}, the window above it by ${
        JSON.stringify(String(pane.key))
      }: results of one key come from several tasks. Run the job with tasks: "single"`,
      stage,
    );
  }
  const own = record.key === null ? null : decoder.decode(record.key);
  if (own === String(key)) return;
  throw misused(
    task,
    `${stage} is keyed by ${JSON.stringify(String(key))}, but the record ${positionOf(record)} has the key ${
      JSON.stringify(own)
    }: records of one key would be spread over several tasks. Key the topic ${record.topic} by it, or run the job with tasks: "single"`,
    stage,
  );
}

/** The job is put together wrongly, which is no record's fault: whoever catches the throw finds the task failed already. */
function misused(task: Task, reason: string, stage: string): Error {
  return task.fail(new TypeError(reason), stage, "misuse");
}
