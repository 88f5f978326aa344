/**
 * ListTransactions: the transactional ids of producers that the broker coordinates. Apache Kafka 3.0 and later.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readCompactArray } from "./arrays.ts";

/** The transactional ids of these producers, by producer id. */
export function listTransactions(producers: readonly number[]): Request<ReadonlyMap<number, string>> {
  return {
    api: 66,
    name: "ListTransactions",
    version: 0,
    flexible: true,
    write(body) {
      // No filter for states.
      body.unsignedVarint(1).unsignedVarint(producers.length + 1);
      for (const producer of producers) body.int64(producer);
      body.unsignedVarint(0);
    },
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      if (error !== 0) throw brokerError(error, "a question for transactions");
      readCompactArray(answer, () => answer.compactString());
      return new Map(readCompactArray(answer, () => {
        const transactionalId = answer.compactString();
        const producer = answer.int64();
        answer.compactString();
        answer.skipTags();
        return [producer, transactionalId] as const;
      }));
    },
  };
}
