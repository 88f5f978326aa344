/**
 * CreatePartitions: increases the number of a topic's partitions.
 *
 * @module
 */

import { TOPIC_TIMEOUT } from "../limits.ts";
import type { Request } from "../transport.ts";
import { readTopicVerdicts } from "./verdict.ts";

/** To be sent to the controller. */
export function createPartitions(topic: string, partitions: number): Request<void> {
  return {
    api: 37,
    name: "CreatePartitions",
    version: 1,
    write: (body) => void body.int32(1).string(topic).int32(partitions).int32(-1).int32(TOPIC_TIMEOUT).int8(0),
    read: (answer) => readTopicVerdicts(answer, `the growth of the topic "${topic}"`),
  };
}
