/**
 * Errors of Kafka, and their conversion to the engine's errors.
 *
 * @module
 */

import { FencedError, UnavailableError } from "../../state/errors.ts";
import { describeCode } from "./codes.ts";

/** Kafka's error codes that the connector acts on. */
export const CODE = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  inconsistentProtocol: 23,
  unknownMember: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  unsupportedVersion: 35,
  topicAlreadyExists: 36,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  invalidProducerIdMapping: 49,
  concurrentTransactions: 51,
  transactionalIdAuthorizationFailed: 53,
  operationNotAttempted: 55,
  groupIdNotFound: 69,
  memberIdRequired: 79,
  unstableOffsetCommit: 88,
  producerFenced: 90,
} as const;

/** Codes that pass by themselves: leaders and coordinators that move, load or are being created. */
const PASSING: ReadonlySet<number> = new Set([3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 41, 56, 72, 74, 75, 76, 78]);
const FENCED: ReadonlySet<number> = new Set([
  CODE.invalidProducerEpoch,
  CODE.invalidProducerIdMapping,
  CODE.producerFenced,
]);
const REFUSED_LOGIN: ReadonlySet<number> = new Set([33, 34, 58]);

/**
 * The kind of a failure: `connection` (the request may or may not have taken effect), `authentication`, `broker` (the
 * broker answered with an error code), `closed` (the connector closed it) or `client` (a bug in the client or here).
 */
export type KafkaErrorKind = "connection" | "authentication" | "broker" | "closed" | "client";

/** Details of a failure. */
export interface KafkaErrorOptions {
  readonly kind: KafkaErrorKind;
  /** Kafka's error code, if the broker answered with one. */
  readonly code?: number;
  /** The broker's message beside the code. */
  readonly said?: string;
  /** Whether another broker answered. The message is then a whole sentence about the broker that did not. */
  readonly answered?: boolean;
}

/** A request to Kafka that failed. */
export class KafkaError extends Error {
  readonly kind: KafkaErrorKind;
  /** Kafka's error code, or `undefined` when the broker did not answer. */
  readonly code: number | undefined;
  /** The broker's message beside the code. */
  readonly said: string | undefined;
  /** Whether another broker answered. The message is then a whole sentence about the broker that did not. */
  readonly answered: boolean;

  constructor(message: string, { kind, code, said, answered = false }: KafkaErrorOptions) {
    super(message);
    this.name = "KafkaError";
    this.kind = kind;
    this.code = code;
    this.said = said;
    this.answered = answered;
  }
}

/**
 * The error for a code in a broker's answer.
 *
 * @param request the request, as a noun: `a fetch of "orders" partition 3`
 * @param said the broker's message beside the code
 */
export function brokerError(code: number, request: string, said?: string): KafkaError {
  const { name, meaning } = describeCode(code);
  const kind = REFUSED_LOGIN.has(code) ? "authentication" : "broker";
  const words = said ? `: ${said.replace(/\.$/, "")}` : "";
  return new KafkaError(`the broker refused ${request}, because ${meaning} (${name}${words})`, { kind, code, said });
}

/** Whether a failure may pass by itself, so that another try can succeed. */
export function isPassing(error: unknown): error is KafkaError {
  if (!(error instanceof KafkaError)) return false;
  return error.kind === "connection" || (error.kind === "broker" && PASSING.has(error.code!));
}

/** Whether the connections are broken. */
export function isDisconnected(error: unknown): boolean {
  return error instanceof KafkaError && error.kind === "connection";
}

/** Whether the error has this code. */
export function hasCode(error: unknown, code: number): boolean {
  return error instanceof KafkaError && error.code === code;
}

/**
 * Converts a failure to the engine's error: an `UnavailableError` when another try may help, a `FencedError` for a
 * producer that has a successor, and an `Error` otherwise. The message says what was tried, why it failed and what to
 * do.
 *
 * @param error the error that was thrown
 * @param wanted what was tried, as it follows "Cannot": `describe the topic "orders"`
 * @param brokers the named brokers
 */
export function explain(error: unknown, wanted: string, brokers: string): Error {
  if (!(error instanceof KafkaError)) return error instanceof Error ? error : new Error(String(error));
  const { kind, message } = error;
  if (kind === "closed") return new UnavailableError(`Cannot ${wanted}: the connection to Kafka was closed`);
  if (kind === "authentication") {
    return new Error(
      `Cannot ${wanted}: Kafka at ${brokers} refused the login (${message}); check client.sasl and client.ssl`,
    );
  }
  if (kind === "connection") {
    if (error.answered) return new UnavailableError(`Cannot ${wanted}: ${message}`);
    return new UnavailableError(
      `Cannot ${wanted}: no Kafka broker answers at ${brokers} (${message}); ` +
        `check that the broker runs, that this address and the one that it advertises are right, ` +
        `and whether it wants TLS or a login (client.ssl, client.sasl)`,
    );
  }
  if (kind === "client") return new Error(`Cannot ${wanted}: the Kafka client failed (${message})`);
  return explainCode(error, wanted, brokers);
}

function explainCode(error: KafkaError, wanted: string, brokers: string): Error {
  const code = error.code!;
  if (FENCED.has(code)) return new FencedError(`Cannot ${wanted}: another producer with the same id took over`);
  const collision = /collides with existing topics?: (.+?)\.?$/.exec(error.said ?? "")?.[1];
  if (collision !== undefined) {
    return new Error(
      `Cannot ${wanted}: its name and that of the topic "${collision}" differ only in . and _, which are the same in the ` +
        `names of Kafka's metrics, so the broker refuses the second one; choose another name ` +
        `(the topics of a job begin with the job's name)`,
    );
  }
  const sentence = `Cannot ${wanted}: Kafka at ${brokers}: ${error.message}; ${describeCode(code).cure}`;
  const passes = PASSING.has(code) || code === CODE.concurrentTransactions || code === CODE.unstableOffsetCommit;
  return passes ? new UnavailableError(sentence) : new Error(sentence);
}
