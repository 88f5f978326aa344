/**
 * The layer below a line: sends requests to brokers. Each request has an encoder and a decoder in its own file
 * (`requests/`).
 *
 * A transport owns connections, TLS, the login, and the list of brokers. It repeats nothing and knows no group, topic
 * or transaction: the caller chooses the broker and handles failures.
 *
 * @module
 */

import { ByteReader, type ByteWriter } from "./wire.ts";

/** One request in one version of Kafka's protocol. */
export interface Request<T> {
  /** Kafka's number of the request, and its name. */
  readonly api: number;
  readonly name: string;
  readonly version: number;
  /** Whether this version has tagged fields, in the header too. @default false */
  readonly flexible?: boolean;
  /**
   * How long the broker may delay the answer, in milliseconds, if that is longer than the client waits for an answer.
   */
  readonly patience?: number;
  /** About how many bytes a large body has, so that its buffer is allocated once. */
  readonly size?: number;
  /** Writes the body. Called each time the request is sent. */
  readonly write: (body: ByteWriter) => void;
  /** Reads the answer's body. Throws a `KafkaError` when the answer has an error code. */
  readonly read: (answer: Answer) => T;
}

/** The body of an answer. */
export class Answer extends ByteReader {
  /** For how long the broker takes no further requests, in milliseconds. */
  throttle = 0;

  /** Reads the throttle time, with which most answers begin. */
  readThrottle(): void {
    this.throttle = this.int32();
  }
}

/** The address of a broker. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The brokers of a cluster, as one of them describes them. */
export interface Cluster {
  /** By id. */
  readonly brokers: ReadonlyMap<string, Address>;
  /** The broker that processes changes of topics. */
  readonly controller: string | undefined;
}

/** Connections to one cluster, from the first use until they are closed. Every method rejects with a `KafkaError`. */
export interface Transport {
  /** The brokers of the cluster. Connects to the named broker that answers first. */
  brokers(): Promise<Cluster>;
  /**
   * Sends a request to a broker of the cluster, or with `undefined` to any. The requests to one broker, except fetches,
   * use one connection, in the order in which they were made.
   */
  send<T>(node: string | undefined, request: Request<T>): Promise<T>;
  /** Closes all connections. Requests under way reject. */
  close(): Promise<void>;
}
