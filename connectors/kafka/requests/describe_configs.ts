/**
 * DescribeConfigs: the configuration of a topic.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readArray } from "./arrays.ts";

const TOPIC = 2;

/** All settings of a topic by name, including defaults. */
export function describeTopic(topic: string): Request<ReadonlyMap<string, string>> {
  return {
    api: 32,
    name: "DescribeConfigs",
    version: 1,
    // All settings, without their synonyms.
    write: (body) => void body.int32(1).int8(TOPIC).string(topic).int32(-1).int8(0),
    read(answer) {
      answer.readThrottle();
      const config = new Map<string, string>();
      readArray(answer, () => {
        const error = answer.int16();
        const said = answer.string();
        if (error !== 0) throw brokerError(error, `a question for the configuration of the topic "${topic}"`, said);
        answer.int8();
        answer.string();
        readArray(answer, () => {
          config.set(answer.string(), answer.string());
          // Read-only, source, sensitive; then the synonyms, which are empty.
          answer.take(3);
          readArray(answer, () => {
            answer.string();
            answer.string();
            answer.int8();
          });
        });
      });
      return config;
    },
  };
}
