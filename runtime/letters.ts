/**
 * Writes dead letters for failures that the record at hand has not caused: those of a window's result, a timer or a call.
 *
 * @module
 */
import type { InputRecord, Refusal } from "../connectors/connector.ts";
import type { PaneAtHand, Task } from "../operators/_task.ts";
import { brief, undeliverable } from "./brief.ts";
import type { Outputs } from "./outputs.ts";

/** The task that writes. */
export interface LetterWriter {
  readonly task: Task;
  readonly outputs: Outputs;
  count(name: string): void;
}

/**
 * Writes the dead letter of a pane. That of a call is the record that its value came from, where there is one. The task
 * fails when the letter cannot be written.
 */
export function writeLetter(runner: LetterWriter, pane: PaneAtHand, refusal: Refusal): void {
  const { task, outputs } = runner;
  runner.count("dead");
  // The record of a call is the one that the job pushed, or the same one as the checkpoint kept it.
  const record = pane.call?.record as InputRecord | undefined;
  try {
    if (record === undefined) outputs.undelivered(pane, refusal);
    else outputs.refuse("failed", record, refusal);
  } catch (error) {
    task.fail(new TypeError(undeliverable(refusal.reason, error as Error)), "", "misuse");
  }
}

/** Writes the dead letter of a call that has failed. Returns `false` when the job has no sink for dead letters. */
export function giveUp(runner: LetterWriter, pane: PaneAtHand, { stage, reason }: Refusal): boolean {
  if (runner.outputs.parts.failed === undefined) return false;
  writeLetter(runner, pane, { stage, reason: brief(`${stage}: ${reason}`) });
  return true;
}
