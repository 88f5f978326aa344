/**
 * OffsetFetch: the committed offsets of a group.
 *
 * @module
 */

import type { CommittedOffset } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readCompactArray } from "./arrays.ts";

/** With `stable` it is refused while a transaction under way has offsets of the group. */
export function offsetFetch(
  group: string,
  topic: string,
  { partitions, stable }: { readonly partitions: readonly number[]; readonly stable: boolean },
): Request<ReadonlyMap<number, CommittedOffset>> {
  const request = `a question for the committed offsets of the group "${group}"`;
  return {
    api: 9,
    name: "OffsetFetch",
    version: 7,
    flexible: true,
    write(body) {
      body.compactString(group).unsignedVarint(2).compactString(topic).unsignedVarint(partitions.length + 1);
      for (const partition of partitions) body.int32(partition);
      body.unsignedVarint(0).int8(stable ? 1 : 0).unsignedVarint(0);
    },
    read(answer) {
      answer.readThrottle();
      const offsets = new Map<number, CommittedOffset>();
      readCompactArray(answer, () => {
        answer.compactString();
        readCompactArray(answer, () => {
          const partition = answer.int32();
          const offset = answer.int64();
          answer.int32();
          const note = answer.compactString();
          const error = answer.int16();
          answer.skipTags();
          if (error !== 0) throw brokerError(error, request);
          if (offset >= 0) offsets.set(partition, { offset, note });
        });
        answer.skipTags();
      });
      const error = answer.int16();
      if (error !== 0) throw brokerError(error, request);
      return offsets;
    },
  };
}
