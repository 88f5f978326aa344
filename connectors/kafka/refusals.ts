/**
 * What Kafka refuses for good: to try again would be of no use, and to be silent about it would be worse.
 *
 * @module
 */

import { RefusedError } from "../connector.ts";
import { describeCode } from "./codes.ts";
import { CODE, explain, KafkaError } from "./errors.ts";

/** A row that the broker will never take. */
export interface RefusedRow {
  /** Which of the transaction's rows. */
  readonly row: number;
  readonly code: number;
  /** What the broker said beside the code. */
  readonly said: string | undefined;
}

/** The row itself is refused, for good: too large, too old or too new, without a key, or not allowed to this user. */
export const ROW_REFUSED: ReadonlySet<number> = new Set([
  2,
  CODE.messageTooLarge,
  18,
  CODE.topicAuthorizationFailed,
  32,
  87,
]);

/** Nothing that this producer could do would be taken: it is not allowed, or not possible on this cluster. */
const ALL_REFUSED: ReadonlySet<number> = new Set([17, 29, 30, 31, 33, 34, 35, 44, 50, 53, 58]);

/** The engine's error for a failure: a `RefusedError` where another try would be of no use. */
export function worded(error: unknown, wanted: string, brokers: string): Error {
  const sentence = explain(error, wanted, brokers);
  if (!(error instanceof KafkaError)) return sentence;
  const forGood = error.kind === "authentication" || (error.code !== undefined && ALL_REFUSED.has(error.code));
  return forGood ? new RefusedError(sentence.message, { cause: error }) : sentence;
}

/** Why a row can never be published, and what to do about it. */
export function reasonOf(
  { code, said }: RefusedRow,
  { topic, partitions }: { readonly topic: string; readonly partitions: number },
  brokers: string,
): string {
  if (code === CODE.unknownTopicOrPartition) {
    return `topic "${topic}" has ${partitions} partition${partitions === 1 ? "" : "s"} now, fewer than it had; ` +
      `give it as many as it had`;
  }
  const { name, meaning, cure } = describeCode(code);
  const words = said === undefined ? "" : `: ${said.replace(/\.$/, "")}`;
  return `Kafka at ${brokers} refuses it, because ${meaning} (${name}${words}); ${cure}`;
}
