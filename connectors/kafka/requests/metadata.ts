/**
 * Metadata: brokers, topics and the leaders of their partitions. The request creates no topic.
 *
 * @module
 */

import { brokerError, CODE } from "../errors.ts";
import type { Address, Answer, Cluster, Request } from "../transport.ts";
import { readArray, readCompactArray, writeArray } from "./arrays.ts";

const METADATA = { api: 3, name: "Metadata" } as const;

/** A topic as a broker describes it. */
export interface DescribedTopic {
  readonly topic: string;
  /** Kafka's error code. */
  readonly error: number;
  readonly partitions: readonly { readonly partition: number; readonly leader: string | undefined }[];
}

/** Describes the cluster and the named topics; `undefined` stands for all that this user may see. */
export function metadata(
  topics: readonly string[] | undefined,
): Request<Cluster & { readonly topics: readonly DescribedTopic[] }> {
  return {
    ...METADATA,
    version: 6,
    write(body) {
      if (topics === undefined) body.int32(-1);
      else writeArray(body, topics, (topic) => body.string(topic));
      body.int8(0);
    },
    read(answer) {
      answer.readThrottle();
      const brokers = new Map(readArray(answer, () => {
        const id = String(answer.int32());
        const address: Address = { host: answer.string(), port: answer.int32() };
        answer.string();
        return [id, address] as const;
      }));
      answer.string();
      const controller = answer.int32();
      return {
        brokers,
        controller: controller < 0 ? undefined : String(controller),
        topics: readArray(answer, () => readTopic(answer)),
      };
    },
  };
}

function readTopic(answer: Answer): DescribedTopic {
  const error = answer.int16();
  const topic = answer.string();
  answer.int8();
  const partitions = readArray(answer, () => {
    answer.int16();
    const partition = answer.int32();
    const leader = answer.int32();
    for (let lists = 0; lists < 3; lists++) readArray(answer, () => answer.int32());
    return { partition, leader: leader < 0 ? undefined : String(leader) };
  });
  return { topic, error, partitions: partitions.sort((one, other) => one.partition - other.partition) };
}

/** The id of a topic, as text; `undefined` when there is no such topic. Apache Kafka 2.8 and later. */
export function topicId(topic: string): Request<string | undefined> {
  return {
    ...METADATA,
    version: 10,
    flexible: true,
    write(body) {
      // One topic, by its name instead of its id.
      body.unsignedVarint(2).raw(new Uint8Array(16)).compactString(topic).unsignedVarint(0);
      body.int8(0).int8(0).int8(0).unsignedVarint(0);
    },
    read(answer) {
      answer.readThrottle();
      readCompactArray(answer, () => {
        answer.int32();
        answer.compactString();
        answer.int32();
        answer.compactString();
        answer.skipTags();
      });
      answer.compactString();
      answer.int32();
      if (answer.unsignedVarint() !== 2) return undefined;
      const error = answer.int16();
      answer.compactString();
      if (error === CODE.unknownTopicOrPartition) return undefined;
      if (error !== 0) throw brokerError(error, `a question for the topic "${topic}"`);
      return Array.from(answer.take(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}
