/**
 * Tombstones (records without a value) at a stage that reads values.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";
import type { Stage } from "./_stage.ts";

/** A value without the `null` of a tombstone; `undefined` stays. An intersection, because types are inferred through it. */
export type Present<T> = NonNullable<T> | (T & undefined);

/** A stage has thrown on a value. Where the value is a tombstone that it cannot read, the record is bad, and the stage goes on. */
export function refuseTombstoneOr(stage: Stage, value: unknown, error: unknown): void {
  const { reads } = stage.parts.options;
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
