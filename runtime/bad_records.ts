/**
 * What becomes of a bad record: one that cannot be decoded, fails its schema or has no valid event time.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { Task } from "../operators/_task.ts";
import type { Outputs } from "./outputs.ts";
import { brief } from "./brief.ts";

/** What bad records are dealt with by. */
export interface BadRecordsParts {
  readonly policy: "stop" | "deadLetter";
  readonly outputs: Outputs;
  /** One more has gone to the dead letters. */
  readonly counted: () => void;
}

export class BadRecords {
  /** The record that was refused last: the branches of a pipeline refuse it once. */
  #refused: InputRecord | undefined;

  constructor(readonly parts: BadRecordsParts) {}

  /** The record at hand is bad: it goes to the sink, or the task stops. */
  refuse(task: Task, why: string, stage: string): void {
    const { policy, outputs, counted } = this.parts;
    const record = task.record as InputRecord | undefined;
    const reason = brief(why);
    // Of a window's result that is bad, no record is at hand: it is the pane's fault.
    if (record === undefined && task.pane !== undefined) {
      return void task.fail(new RangeError(`its result is bad, because ${reason}`), stage, "user");
    }
    if (record === undefined || policy === "stop") {
      const what = record === undefined ? "a bad value" : "a bad record";
      return fail(task, `${what}, because ${reason}. Give onBadRecord a deadLetter(sink) to go on without it`);
    }
    if (this.#refused === record) return;
    this.#refused = record;
    counted();
    try {
      outputs.refuse("badRecord", record, { stage, reason });
    } catch (error) {
      // Most likely its size: with the reason in its headers it is larger than it was.
      fail(task, `a bad record, because ${reason}; and it cannot be a dead letter: ${brief((error as Error).message)}`);
    }
  }

  /** The epoch is made again: what was refused in it is refused again. */
  forget(): void {
    this.#refused = undefined;
  }
}

/** No stage is to blame. */
function fail(task: Task, reason: string): void {
  task.fail(new TypeError(reason), "", "misuse");
}
