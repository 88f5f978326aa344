/**
 * Converts errors of kafkajs. Its retries wrap errors, so `instanceof` does not tell them apart. The chain of causes is
 * followed to the first error that is specific.
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

/** Converts anything that kafkajs threw to a `KafkaError`. */
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
  // A bug in the client or in the connector is not retried, so that it is seen.
  if (MISTAKES.has(error.name)) return new KafkaError(`${error.name}: ${error.message}`, { kind: "client" });
  // For any other error (a destroyed socket, for example) the outcome of the request is unknown.
  return new KafkaError(plain(error.message ?? String(thrown)), { kind: "connection" });
}

function answered(error: Thrown, code: number): KafkaError {
  const kind = REFUSED_LOGIN.has(code) ? "authentication" : "broker";
  return new KafkaError(plain(error.message), { kind, code });
}

/** `Connection error: connect ECONNREFUSED 127.0.0.1:9092` without its first words, which add nothing. */
function plain(message: string): string {
  return message.replace(/^Connection error: /, "");
}
