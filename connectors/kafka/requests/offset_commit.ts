/**
 * OffsetCommit: commits offsets of a group.
 *
 * @module
 */

import type { StartOffset } from "../../connector.ts";
import type { Membership } from "../driver.ts";
import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readByTopic, writeByTopic } from "./arrays.ts";

/** Commits offsets as a member, each with the same metadata. */
export function offsetCommit(membership: Membership, offsets: readonly StartOffset[], note: string): Request<void> {
  return {
    api: 8,
    name: "OffsetCommit",
    version: 5,
    write(body) {
      body.string(membership.group).int32(membership.generation).string(membership.member);
      writeByTopic(body, offsets, ({ partition, offset }) => body.int32(partition).int64(offset).string(note));
    },
    read(answer) {
      answer.readThrottle();
      readByTopic(answer, (topic) => {
        const partition = answer.int32();
        const error = answer.int16();
        if (error !== 0) throw brokerError(error, `a commit of the offset of "${topic}" partition ${partition}`);
      });
    },
  };
}
