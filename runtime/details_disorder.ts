/**
 * The part of a job's details that is about what is uneven: events out of order, and keys that come often.
 *
 * @module
 */
import type { Spans } from "../operators/_spans.ts";
import type { DisorderDetails, HotKeyDetails } from "./details.ts";
import { hotKeyWords } from "./details_sentences.ts";
import { shownDuration } from "./details_words.ts";
import { DISORDER_SAMPLES, HOT_KEYS } from "./limits.ts";
import type { InputQueue } from "./input_queue.ts";

/** The time that 999 of 1000 do not exceed. */
export function mostOfDisorder(spans: Spans): number {
  return spans.exceededBy(Math.floor(spans.count / 1000));
}

/**
 * The disorder of a `watermark()`.
 *
 * @param spans of all of its partitions
 * @param bound its `maxOutOfOrderness`; `undefined` where watermarks are read from the data
 */
export function disorderOf(spans: Spans, bound: number | undefined): DisorderDetails | undefined {
  const { count: samples, worst: all } = spans;
  if (samples === 0) return undefined;
  const most = mostOfDisorder(spans);
  const half = spans.exceededBy(samples / 2);
  const beyond = bound === undefined ? undefined : all <= bound ? 0 : spans.longerThan(bound) / samples;
  const advice = bound === undefined || samples < DISORDER_SAMPLES ? undefined : adviceOf(bound, most);
  return { samples, half, most, all, beyond, advice };
}

function adviceOf(bound: number, most: number): string | undefined {
  if (most > bound) {
    return `maxOutOfOrderness is ${shownDuration(bound)}; a bound of ${shownDuration(most)} would keep 99.9 % of the ` +
      `values in time`;
  }
  // Twice what is needed is a margin. More than that only makes results wait.
  if (bound <= 2 * most || bound - most < 1_000) return undefined;
  return `99.9 % of the values are behind by no more than ${
    shownDuration(most)
  }; with twice that as maxOutOfOrderness ` +
    `results would come ${shownDuration(bound - 2 * most)} sooner`;
}

/** An input partition of a task. */
interface KeysOfTask {
  readonly facts: { readonly owned: { readonly number: number } };
  readonly queue: Pick<InputQueue, "topic" | "partition" | "keys">;
}

/** The hot keys of these partitions. */
export function hotKeysOf(queues: readonly KeysOfTask[]): HotKeyDetails[] {
  const all: HotKeyDetails[] = [];
  for (const { facts, queue: { topic, partition, keys } } of queues) {
    if (keys === undefined || keys.total < HOT_KEYS.least) continue;
    for (const { key, share } of keys.hot()) {
      const found = { key, task: facts.owned.number, topic, partition, share: Number(share.toFixed(3)) };
      all.push({ ...found, sentence: hotKeyWords(found) });
    }
  }
  return all.sort((a, b) => b.share - a.share).slice(0, HOT_KEYS.shown);
}
