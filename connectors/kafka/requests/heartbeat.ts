/**
 * Heartbeat: keeps a member in the present generation of a consumer group.
 *
 * @module
 */

import type { Membership } from "../driver.ts";
import type { Request } from "../transport.ts";
import { readVerdict } from "./verdict.ts";

/** Rejects when the generation is over. */
export function heartbeat({ group, generation, member }: Membership): Request<void> {
  return {
    api: 12,
    name: "Heartbeat",
    version: 2,
    write: (body) => void body.string(group).int32(generation).string(member),
    read: (answer) => readVerdict(answer, `a sign of life in the group "${group}"`),
  };
}
