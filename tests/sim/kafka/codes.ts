/**
 * The error codes of the simulated brokers.
 *
 * @module
 */
import { brokerError, CODE, KafkaError } from "../../../connectors/kafka/errors.ts";

/** Kafka's error codes that the simulated brokers use, including those that the connector has no name for. */
export const SERVER = {
  ...CODE,
  corruptMessage: 2,
  messageTooLarge: 10,
  invalidTimestamp: 32,
  invalidPartitions: 37,
  outOfOrderSequence: 45,
  invalidTransactionState: 48,
  invalidTransactionTimeout: 50,
  transactionalIdAuthorizationFailed: 53,
  invalidRecord: 87,
} as const;

/** Throws the error that a client makes of a code. */
export function refuse(code: number, request: string): never {
  throw brokerError(code, request);
}

/** Throws the error that a client makes of a code, unless it is 0. */
export function check(code: number, request: string): void {
  if (code !== 0) refuse(code, request);
}

/** The error of a client for a request with an unknown outcome. */
export function lostRequest(request: string): KafkaError {
  return new KafkaError(`the connection broke during ${request}`, { kind: "connection" });
}

/** The error of a client when no broker is there. */
export function refusedConnection(): KafkaError {
  return new KafkaError("connect ECONNREFUSED", { kind: "connection" });
}

/** A request that a broker holds back. */
export type Held<T> = ReturnType<typeof Promise.withResolvers<T>>;
