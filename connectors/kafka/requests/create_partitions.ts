/**
 * CreatePartitions: raises the number of a topic's partitions.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import { TOPIC_TIMEOUT } from "../limits.ts";
import type { Request } from "../transport.ts";
import { readArray } from "./arrays.ts";

/** To be sent to the controller. */
export function createPartitions(topic: string, partitions: number): Request<void> {
  return {
    api: 37,
    name: "CreatePartitions",
    version: 1,
    write: (body) => void body.int32(1).string(topic).int32(partitions).int32(-1).int32(TOPIC_TIMEOUT).int8(0),
    read(answer) {
      answer.readThrottle();
      readArray(answer, () => {
        answer.string();
        const error = answer.int16();
        const said = answer.string();
        if (error !== 0) throw brokerError(error, `the growth of the topic "${topic}"`, said);
      });
    },
  };
}
