/**
 * kafkajs' errors in our own words. Its classes cannot be told apart by `instanceof` once they are wrapped by its retries,
 * so the chain of causes is followed to the first error that says something.
 *
 * @module
 */

import { KafkaError } from "./errors.ts";

const UNREACHED: ReadonlySet<string> = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
  "KafkaJSBrokerNotFound",
  "KafkaJSLockTimeout",
  "KafkaJSGroupCoordinatorNotFound",
  "KafkaJSMetadataNotLoaded",
  "KafkaJSTopicMetadataNotLoaded",
  "KafkaJSNoBrokerAvailableError",
]);
const MISTAKES: ReadonlySet<string> = new Set(["TypeError", "RangeError", "ReferenceError", "SyntaxError"]);
const REFUSED_LOGIN: ReadonlySet<number> = new Set([33, 34, 58]);

interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly cause?: Thrown;
  readonly errors?: readonly Thrown[];
}

/** Makes whatever kafkajs threw a `KafkaError`. */
export function toKafkaError(thrown: unknown): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  let error = thrown as Thrown;
  for (let depth = 0; depth < 10; depth++) {
    if (error.cause instanceof KafkaError) return error.cause;
    if (typeof error.code === "number") return answered(error, error.code);
    if (error.name === "KafkaJSSASLAuthenticationError") {
      return new KafkaError(error.message, { kind: "authentication" });
    }
    if (UNREACHED.has(error.name)) return new KafkaError(plain(error.message), { kind: "connection" });
    const next: Thrown | undefined = error.errors?.[0] ?? error.cause;
    if (next === undefined || next === error) break;
    error = next;
  }
  // A mistake in the client or in here is not ridden out: it must be seen.
  if (MISTAKES.has(error.name)) return new KafkaError(`${error.name}: ${error.message}`, { kind: "client" });
  // Whatever else it is (a socket that was destroyed), the outcome of the request is unknown.
  return new KafkaError(plain(error.message ?? String(thrown)), { kind: "connection" });
}

function answered(error: Thrown, code: number): KafkaError {
  const kind = REFUSED_LOGIN.has(code) ? "authentication" : "broker";
  return new KafkaError(plain(error.message), { kind, code });
}

/** `Connection error: connect ECONNREFUSED 127.0.0.1:9092` without the first words, which say nothing. */
function plain(message: string): string {
  return message.replace(/^Connection error: /, "");
}
