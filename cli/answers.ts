/**
 * The answers of a snapshot in sentences, the same as on the page.
 *
 * @module
 */
import type { JobDetails } from "../runtime/details.ts";

/** Sentences that name no key and no value: whether it keeps up, what limits it, what holds time, what was late. */
export function answersOf({ sentences, watermarks, stages, lateRecords }: JobDetails): readonly string[] {
  const { pace, limit, skew, state, visible } = sentences;
  return [
    ...[pace, limit, skew, state, visible].filter((sentence) => sentence !== undefined),
    ...watermarks.map(({ sentence }) => sentence),
    ...stages.flatMap(({ keptBy }) => keptBy?.sentence ?? []),
    ...lateRecords.map(({ sentence }) => sentence),
  ];
}

/** The same, with the keys that come often. */
export function answersWithKeys(details: JobDetails): readonly string[] {
  return [...answersOf(details), ...details.hotKeys.map(({ sentence }) => sentence)];
}
