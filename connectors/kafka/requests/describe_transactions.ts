/**
 * DescribeTransactions: when transactions began. For their coordinator; Apache Kafka 3.0 and later.
 *
 * @module
 */

import type { Request } from "../transport.ts";
import { readCompactArray } from "./arrays.ts";

/**
 * When each transaction began, in milliseconds since 1970, by transactional id. Absent when it is not open, or may not
 * be read by this user.
 */
export function describeTransactions(ids: readonly string[]): Request<ReadonlyMap<string, number>> {
  return {
    api: 65,
    name: "DescribeTransactions",
    version: 0,
    flexible: true,
    write(body) {
      body.unsignedVarint(ids.length + 1);
      for (const id of ids) body.compactString(id);
      body.unsignedVarint(0);
    },
    read(answer) {
      answer.readThrottle();
      const began = readCompactArray(answer, () => {
        const error = answer.int16();
        const id = answer.compactString();
        answer.compactString();
        answer.int32();
        const since = answer.int64();
        // The producer's id and epoch.
        answer.skip(8 + 2);
        readCompactArray(answer, () => {
          answer.compactString();
          readCompactArray(answer, () => answer.int32());
          answer.skipTags();
        });
        answer.skipTags();
        return [id, error === 0 ? since : -1] as const;
      });
      return new Map(began.filter(([, since]) => since >= 0));
    },
  };
}
