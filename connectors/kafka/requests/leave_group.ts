/**
 * LeaveGroup: removes a member at once.
 *
 * @module
 */

import type { Request } from "../transport.ts";
import { readVerdict } from "./verdict.ts";

/** Also for a member that cannot leave by itself any more. */
export function leaveGroup(group: string, member: string): Request<void> {
  return {
    api: 13,
    name: "LeaveGroup",
    version: 2,
    write: (body) => void body.string(group).string(member),
    read: (answer) => readVerdict(answer, `a member that leaves the group "${group}"`),
  };
}
