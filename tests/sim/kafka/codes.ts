/**
 * What the simulated brokers answer with.
 *
 * @module
 */
import { brokerError, CODE, KafkaError } from "../../../connectors/kafka/errors.ts";

/** Kafka's error codes that a broker uses here, those among them too that the connector has no name for. */
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

/** Throws what a client makes of an error code. */
export function refuse(code: number, request: string): never {
  throw brokerError(code, request);
}

/** Throws what a client makes of an error code, unless it is 0. */
export function check(code: number, request: string): void {
  if (code !== 0) refuse(code, request);
}

/** What a client sees of a request whose outcome it cannot know. */
export function lostRequest(request: string): KafkaError {
  return new KafkaError(`the connection broke during ${request}`, { kind: "connection" });
}

/** What a client sees of brokers that are gone. */
export function refusedConnection(): KafkaError {
  return new KafkaError("connect ECONNREFUSED", { kind: "connection" });
}

/** A request that a broker holds back. */
export type Held<T> = ReturnType<typeof Promise.withResolvers<T>>;
