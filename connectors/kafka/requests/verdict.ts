/**
 * The beginning of an answer that is a yes or a no.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Answer } from "../transport.ts";
import { readArray } from "./arrays.ts";

/** Reads the throttle time and the error code. Throws what the broker refused. */
export function readVerdict(answer: Answer, request: string): void {
  answer.readThrottle();
  const error = answer.int16();
  if (error !== 0) throw brokerError(error, request);
}

/** The same where each topic has an error code and the broker's own words. */
export function readTopicVerdicts(answer: Answer, request: string): void {
  answer.readThrottle();
  readArray(answer, () => {
    answer.string();
    const error = answer.int16();
    const said = answer.string();
    if (error !== 0) throw brokerError(error, request, said);
  });
}
