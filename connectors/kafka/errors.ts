/**
 * What can go wrong with Kafka, sorted by what to do about it, and the sentences that people get to read.
 *
 * Inside this folder all failures are {@linkcode KafkaError}s; they leave it as one of the engine's errors.
 *
 * @module
 */

import { FencedError, UnavailableError } from "../../state/errors.ts";

/** Kafka's error codes that the connector acts on. */
export const CODE = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  topicAuthorizationFailed: 29,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  unknownMember: 25,
  rebalanceInProgress: 27,
  topicAlreadyExists: 36,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  invalidProducerIdMapping: 49,
  concurrentTransactions: 51,
  operationNotAttempted: 55,
  unstableOffsetCommit: 88,
  producerFenced: 90,
} as const;

/** Codes that pass by themselves: leaders and coordinators that move, load or are just being made. */
const PASSING: ReadonlySet<number> = new Set([3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 41, 56, 72, 74, 75, 76, 78]);
const FENCED: ReadonlySet<number> = new Set([
  CODE.invalidProducerEpoch,
  CODE.invalidProducerIdMapping,
  CODE.producerFenced,
]);
const REFUSED: ReadonlyMap<number, string> = new Map([
  [29, "the topic"],
  [30, "the consumer group"],
  [31, "the cluster"],
  [53, "the transactional id"],
]);

/**
 * What kind of failure it is: `connection` (the request may or may not have taken effect), `authentication`, `broker` (the
 * broker answered with an error code), `closed` (we ended it ourselves) or `client` (a mistake in the client or in here).
 */
export type KafkaErrorKind = "connection" | "authentication" | "broker" | "closed" | "client";

/** A request to Kafka that failed. */
export class KafkaError extends Error {
  readonly kind: KafkaErrorKind;
  /** Kafka's error code, or `undefined` when the broker did not answer. */
  readonly code: number | undefined;

  constructor(message: string, options: { kind: KafkaErrorKind; code?: number }) {
    super(message);
    this.name = "KafkaError";
    this.kind = options.kind;
    this.code = options.code;
  }
}

/** The error for a code that came in a broker's answer. */
export function brokerError(code: number, request: string): KafkaError {
  return new KafkaError(`the broker answered ${request} with error code ${code}`, { kind: "broker", code });
}

/** Whether a failure passes by itself: somebody who waits and asks again may get an answer. */
export function isPassing(error: unknown): error is KafkaError {
  if (!(error instanceof KafkaError)) return false;
  return error.kind === "connection" || (error.kind === "broker" && PASSING.has(error.code!));
}

/** Whether the connections are of no use any more. */
export function isDisconnected(error: unknown): boolean {
  return error instanceof KafkaError && error.kind === "connection";
}

/** Whether it is this error code. */
export function hasCode(error: unknown, code: number): boolean {
  return error instanceof KafkaError && error.code === code;
}

/**
 * The engine's error for a failure: `UnavailableError` where trying again may help, `FencedError` for a producer that has a
 * successor, else an `Error`. The message says what was wanted, why it failed and what to look at.
 *
 * @param error What was thrown.
 * @param wanted What was tried, after "Cannot": `describe the topic "orders"`.
 * @param brokers The brokers that were named.
 */
export function explain(error: unknown, wanted: string, brokers: string): Error {
  if (!(error instanceof KafkaError)) return error instanceof Error ? error : new Error(String(error));
  if (error.kind === "closed") return new UnavailableError(`Cannot ${wanted}: the connection to Kafka was closed`);
  if (error.kind === "authentication") {
    return new Error(
      `Cannot ${wanted}: Kafka at ${brokers} refused the login (${error.message}); check client.sasl and client.ssl`,
    );
  }
  if (error.kind === "connection") {
    return new UnavailableError(
      `Cannot ${wanted}: no Kafka broker answers at ${brokers} (${error.message}); ` +
        `check that the broker runs, that this address and the one that it advertises are right, ` +
        `and whether it wants TLS or a login (client.ssl, client.sasl)`,
    );
  }
  if (error.kind === "client") return new Error(`Cannot ${wanted}: the Kafka client failed (${error.message})`);
  const code = error.code!;
  if (FENCED.has(code)) return new FencedError(`Cannot ${wanted}: another producer with the same id took over`);
  const what = REFUSED.get(code);
  if (what !== undefined) {
    return new Error(
      `Cannot ${wanted}: Kafka at ${brokers} does not allow this user to use ${what} (${error.message})`,
    );
  }
  if (PASSING.has(code) || code === CODE.concurrentTransactions || code === CODE.unstableOffsetCommit) {
    return new UnavailableError(`Cannot ${wanted}: Kafka at ${brokers} is not ready for it (${error.message})`);
  }
  return new Error(`Cannot ${wanted}: Kafka at ${brokers} refused it (${error.message})`);
}
