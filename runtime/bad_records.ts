/**
 * Handles bad records: records that cannot be decoded, fail their schema or have no valid event time.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { Task } from "../operators/_task.ts";
import type { Outputs } from "./outputs.ts";
import { brief } from "./brief.ts";

/** What the handling of bad records needs. */
export interface BadRecordsParts {
  readonly policy: "stop" | "deadLetter";
  readonly outputs: Outputs;
  /**
   * Whether this task writes the dead letters of an input partition, by its slot. A partition that every task reads has
   * one task that does.
   */
  readonly writes: (slot: number) => boolean;
  /** Called for each record that was written to the dead letters. */
  readonly counted: () => void;
}

export class BadRecords {
  /** The last refused record. Several branches of a pipeline may refuse it; it is handled once. */
  #refused: InputRecord | undefined;

  constructor(readonly parts: BadRecordsParts) {}

  /** Refuses the current record: writes it to the sink, or stops the task. */
  refuse(task: Task, why: string, stage: string): void {
    const { policy, outputs, writes, counted } = this.parts;
    const record = task.record as InputRecord | undefined;
    const reason = brief(why);
    // A bad result of a window has no current record. The failure belongs to the pane.
    if (record === undefined && task.pane !== undefined) {
      return void task.fail(new RangeError(`its result is bad, because ${reason}`), stage, "user");
    }
    if (record === undefined || policy === "stop") {
      const what = record === undefined ? "a bad value" : "a bad record";
      return fail(task, `${what}, because ${reason}. Give onBadRecord a deadLetter(sink) to go on without it`);
    }
    if (this.#refused === record) return;
    this.#refused = record;
    if (!writes(task.slot)) return;
    counted();
    try {
      outputs.refuse("badRecord", record, { stage, reason });
    } catch (error) {
      // The most likely reason is the size: the headers with the reason make the record larger.
      fail(task, `a bad record, because ${reason}; and it cannot be a dead letter: ${brief((error as Error).message)}`);
    }
  }

  /** The epoch is processed again. Records that it refused will be refused again. */
  forget(): void {
    this.#refused = undefined;
  }
}

/** Fails the task without naming a stage. */
function fail(task: Task, reason: string): void {
  task.fail(new TypeError(reason), "", "misuse");
}
