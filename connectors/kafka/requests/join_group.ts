/**
 * JoinGroup: becomes a member of a consumer group, or joins its next generation.
 *
 * @module
 */

import type { Joined, JoinOptions } from "../driver.ts";
import { brokerError, CODE } from "../errors.ts";
import type { Answer, Request } from "../transport.ts";
import { readArray } from "./arrays.ts";

/** How much longer than the rebalance timeout to wait for the answer, in milliseconds. */
const BEYOND = 5000;

/** Resolves with the generation. When the member has no id yet, resolves with the id with which to join. */
export function joinGroup(options: JoinOptions): Request<Joined | { readonly invited: string }> {
  return {
    api: 11,
    name: "JoinGroup",
    version: 4,
    patience: options.rebalanceTimeout + BEYOND,
    write(body) {
      body.string(options.group).int32(options.sessionTimeout).int32(options.rebalanceTimeout).string(options.member);
      body.string("consumer").int32(1).string(options.protocol).block(options.subscription);
    },
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      const generation = answer.int32();
      answer.string();
      const leader = answer.string();
      const member = answer.string();
      const members = readArray(answer, () => ({ member: answer.string(), subscription: readBlock(answer) }));
      if (error === CODE.memberIdRequired) return { invited: member };
      if (error !== 0) throw brokerError(error, `a join of the group "${options.group}"`);
      return { member, generation, members: leader === member ? members : undefined };
    },
  };
}

/** A copy, so that it does not keep the answer's bytes in memory. */
function readBlock(answer: Answer): Uint8Array {
  return answer.take(Math.max(0, answer.int32())).slice();
}
