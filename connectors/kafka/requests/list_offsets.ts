/**
 * ListOffsets: offsets by timestamp, for `read_committed` and other readers.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readByTopic, writeArray } from "./arrays.ts";

const ISOLATION = { uncommitted: 0, committed: 1 };

/** The offset of each of these partitions at a timestamp. The broker must lead the partitions. */
export function listOffsets(
  topic: string,
  partitions: readonly number[],
  { time, isolation }: { readonly time: number; readonly isolation: keyof typeof ISOLATION },
): Request<ReadonlyMap<number, number>> {
  return {
    api: 2,
    name: "ListOffsets",
    version: 2,
    write(body) {
      body.int32(-1).int8(ISOLATION[isolation]).int32(1).string(topic);
      writeArray(body, partitions, (partition) => body.int32(partition).int64(time));
    },
    read(answer) {
      answer.readThrottle();
      const offsets = new Map<number, number>();
      readByTopic(answer, () => {
        const partition = answer.int32();
        const error = answer.int16();
        answer.int64();
        const offset = answer.int64();
        if (error !== 0) throw brokerError(error, `a question for the offsets of "${topic}" partition ${partition}`);
        offsets.set(partition, offset);
      });
      return offsets;
    },
  };
}
