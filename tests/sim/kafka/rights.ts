/**
 * The rights of the job's user, as the simulated brokers check them. Everything is allowed that was not denied.
 *
 * @module
 */
import { SERVER } from "./codes.ts";

/** Something that can be denied. `groups` and `transactional ids` stand for all of them, `topic` names one. */
export type Right =
  | { readonly to: "write" | "read" | "describe configs"; readonly topic: string }
  | { readonly to: "use groups" | "use transactional ids" };

/** The code of a refusal for each missing right. */
const REFUSALS: Readonly<Record<Right["to"], number>> = {
  "write": SERVER.topicAuthorizationFailed,
  "read": SERVER.topicAuthorizationFailed,
  "describe configs": SERVER.topicAuthorizationFailed,
  "use groups": SERVER.groupAuthorizationFailed,
  "use transactional ids": SERVER.transactionalIdAuthorizationFailed,
};

/** Rights that can be taken away and given back while the cluster runs. */
export class Rights {
  readonly #denied = new Set<string>();

  deny(right: Right): void {
    this.#denied.add(keyOf(right));
  }

  allow(right: Right): void {
    this.#denied.delete(keyOf(right));
  }

  /** Returns 0, or the code of the refusal. */
  check(right: Right): number {
    return this.#denied.has(keyOf(right)) ? REFUSALS[right.to] : 0;
  }
}

function keyOf(right: Right): string {
  return "topic" in right ? `${right.to} ${right.topic}` : right.to;
}
