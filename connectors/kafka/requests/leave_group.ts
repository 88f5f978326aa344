/**
 * LeaveGroup: a member makes room at once.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";

/** Also for a member that cannot do it itself any more. */
export function leaveGroup(group: string, member: string): Request<void> {
  return {
    api: 13,
    name: "LeaveGroup",
    version: 2,
    write: (body) => void body.string(group).string(member),
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      if (error !== 0) throw brokerError(error, `a member that leaves the group "${group}"`);
    },
  };
}
