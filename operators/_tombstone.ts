/**
 * Tombstones (records without a value) at a stage that reads values.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";
import type { Stage, StageOptions } from "./_stage.ts";

/**
 * The type of a value without the `null` of a tombstone; `undefined` stays. It is an intersection, because TypeScript
 * infers types through it.
 */
export type Present<T> = NonNullable<T> | (T & undefined);

/**
 * Handles an error that a stage threw on a value that it reads with `reads`. If the value is a tombstone that the stage cannot read, the record is
 * bad and the stage goes on. Any other error fails the stage.
 */
export function refuseTombstoneOr(stage: Stage, reads: StageOptions["reads"], value: unknown, error: unknown): void {
  if (value !== null || reads === undefined || !isNull(stage.task.record?.value)) return stage.fail(error);
  let why: string;
  try {
    reads(null as never);
    return stage.fail(error);
  } catch (thrown) {
    why = messageOf(thrown);
  }
  try {
    stage.bad(`its value is null, a tombstone, which ${stage.label} cannot read: ${why}`);
  } catch (refusal) {
    stage.fail(refusal);
  }
}

/** Whether there are no bytes, or they are the `null` of JSON. */
function isNull(value: Uint8Array | null | undefined): boolean {
  return value === null || (value?.length === 4 && String.fromCharCode(...value) === "null");
}
