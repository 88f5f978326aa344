/**
 * SyncGroup: sends the leader's assignments of a generation, and returns that of this member.
 *
 * @module
 */

import type { Membership } from "../driver.ts";
import type { Request } from "../transport.ts";
import { readVerdict } from "./verdict.ts";
import { writeArray } from "./arrays.ts";

/** Resolves with this member's assignment. */
export function syncGroup(
  { group, generation, member }: Membership,
  assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
): Request<Uint8Array> {
  return {
    api: 14,
    name: "SyncGroup",
    version: 2,
    write(body) {
      body.string(group).int32(generation).string(member);
      writeArray(body, assignments, (one) => body.string(one.member).block(one.assignment));
    },
    read(answer) {
      readVerdict(answer, `a wait for the assignment in the group "${group}"`);
      return answer.take(Math.max(0, answer.int32())).slice();
    },
  };
}
