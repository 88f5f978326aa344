/**
 * Refusals that are final: another try would be useless, so they must be reported.
 *
 * @module
 */

import { RefusedError } from "../connector.ts";
import { describeCode } from "./codes.ts";
import { CODE, explain, KafkaError } from "./errors.ts";

/** A row that the broker will never accept. */
export interface RefusedRow {
  /** The index of the row among the transaction's rows. */
  readonly row: number;
  readonly code: number;
  /** The broker's message beside the code. */
  readonly said: string | undefined;
}

/**
 * Codes that refuse the row itself for good: too large, too old or too new, without a key, or not allowed to this user.
 */
export const ROW_REFUSED: ReadonlySet<number> = new Set([
  2,
  CODE.messageTooLarge,
  18,
  CODE.topicAuthorizationFailed,
  32,
  87,
]);

/** Codes that refuse all requests of this producer for good: not allowed, or not possible on this cluster. */
const ALL_REFUSED: ReadonlySet<number> = new Set([17, 29, 30, 31, 33, 34, 35, 44, 50, 53, 58]);

/** The engine's error for a failure: a `RefusedError` when another try would be useless. */
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
