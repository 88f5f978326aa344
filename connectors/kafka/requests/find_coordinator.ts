/**
 * FindCoordinator: the broker that coordinates a group or a transactional id.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";

/** What a broker coordinates, with Kafka's numbers. */
export const COORDINATED = { group: 0, transaction: 1 } as const;

/** Finds the broker's id. */
export function findCoordinator(kind: keyof typeof COORDINATED, name: string): Request<string> {
  return {
    api: 10,
    name: "FindCoordinator",
    version: 2,
    write: (body) => void body.string(name).int8(COORDINATED[kind]),
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      const said = answer.string();
      if (error !== 0) throw brokerError(error, `a question for the coordinator of the ${kind} "${name}"`, said);
      return String(answer.int32());
    },
  };
}
