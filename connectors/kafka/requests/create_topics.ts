/**
 * CreateTopics: creates a topic, with the cluster's default replication.
 *
 * @module
 */

import { TOPIC_TIMEOUT } from "../limits.ts";
import type { Request } from "../transport.ts";
import { readTopicVerdicts } from "./verdict.ts";

/** To be sent to the controller. */
export function createTopic(
  topic: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Request<void> {
  return {
    api: 19,
    name: "CreateTopics",
    version: 4,
    write(body) {
      // The cluster's default replication, and no explicit replicas.
      body.int32(1).string(topic).int32(partitions).int16(-1).int32(0);
      const entries = Object.entries(config);
      body.int32(entries.length);
      for (const [name, value] of entries) body.string(name).string(value);
      body.int32(TOPIC_TIMEOUT).int8(0);
    },
    read: (answer) => readTopicVerdicts(answer, `the creation of the topic "${topic}"`),
  };
}
