/**
 * Answers that only report success or an error.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Answer } from "../transport.ts";
import { readArray } from "./arrays.ts";

/** Reads the throttle time and the error code. Throws when the broker has refused the request. */
export function readVerdict(answer: Answer, request: string): void {
  answer.readThrottle();
  const error = answer.int16();
  if (error !== 0) throw brokerError(error, request);
}

/** The same for an error code and a message per topic. */
export function readTopicVerdicts(answer: Answer, request: string): void {
  answer.readThrottle();
  readArray(answer, () => {
    answer.string();
    const error = answer.int16();
    const said = answer.string();
    if (error !== 0) throw brokerError(error, request, said);
  });
}
