/**
 * DescribeGroups and ConsumerGroupDescribe: the members of a group, in Kafka's first and in its newer protocol.
 *
 * @module
 */

import type { GroupMember } from "../driver.ts";
import { decodeAssignment } from "../assignment.ts";
import { brokerError, CODE } from "../errors.ts";
import type { Answer, Request } from "../transport.ts";
import { readArray, readCompactArray } from "./arrays.ts";

/** Kafka's number for a member with the first protocol in a group of the newer one. */
const CLASSIC = 0;

/** A group of the first protocol. A group of the newer protocol has no members in this answer. */
export function describeGroup(group: string): Request<readonly GroupMember[]> {
  return {
    api: 15,
    name: "DescribeGroups",
    version: 2,
    write: (body) => void body.int32(1).string(group),
    read(answer) {
      answer.readThrottle();
      return readArray(answer, () => {
        const error = answer.int16();
        if (error !== 0) throw brokerError(error, `a question for the members of the group "${group}"`);
        answer.string();
        answer.string();
        answer.string();
        answer.string();
        return readArray(answer, () => readMember(answer));
      }).flat();
    },
  };
}

function readMember(answer: Answer): GroupMember {
  const member = answer.string();
  const [client, host] = [answer.string(), answer.string()];
  answer.take(Math.max(0, answer.int32()));
  const assignment = decodeAssignment(answer.take(Math.max(0, answer.int32())));
  return { member, client, host, protocol: "classic", partitions: assignment.topics };
}

/** A group of the newer protocol (KIP-848). Another group has no members in this answer. */
export function describeConsumerGroup(group: string): Request<readonly GroupMember[]> {
  return {
    api: 69,
    name: "ConsumerGroupDescribe",
    version: 1,
    flexible: true,
    write: (body) => void body.unsignedVarint(2).compactString(group).int8(0).unsignedVarint(0),
    read(answer) {
      answer.readThrottle();
      return readCompactArray(answer, () => {
        const error = answer.int16();
        const said = answer.compactString();
        if (error !== 0 && error !== CODE.groupIdNotFound) {
          throw brokerError(error, `a question for the members of the group "${group}"`, said);
        }
        answer.compactString();
        answer.compactString();
        answer.int32();
        answer.int32();
        answer.compactString();
        const members = readCompactArray(answer, () => readNewMember(answer));
        answer.int32();
        answer.skipTags();
        return members;
      }).flat();
    },
  };
}

function readNewMember(answer: Answer): GroupMember {
  const member = answer.compactString();
  answer.compactString();
  answer.compactString();
  answer.int32();
  const [client, host] = [answer.compactString(), answer.compactString()];
  readCompactArray(answer, () => answer.compactString());
  answer.compactString();
  const partitions = readAssigned(answer);
  readAssigned(answer);
  const protocol = answer.int8() === CLASSIC ? "classic" : "consumer";
  answer.skipTags();
  return { member, client, host, protocol, partitions };
}

function readAssigned(answer: Answer): Map<string, number[]> {
  const assigned = new Map(readCompactArray(answer, () => {
    answer.take(16);
    const topic = answer.compactString();
    const partitions = readCompactArray(answer, () => answer.int32());
    answer.skipTags();
    return [topic, partitions] as const;
  }));
  answer.skipTags();
  return assigned;
}
