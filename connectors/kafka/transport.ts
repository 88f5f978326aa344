/**
 * What lies below a line: requests to brokers, each an encoder and a decoder in a file of its own (`requests/`).
 *
 * A transport owns connections, TLS, the login, and who the brokers are. It repeats nothing and knows no group, topic or
 * transaction: whoever asks says which broker, and what a failure means.
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
  /** Whether this version has tagged fields: then its header has, too. @default false */
  readonly flexible?: boolean;
  /** How long the broker may hold it back, in milliseconds, where that is longer than the client waits for an answer. */
  readonly patience?: number;
  /** About how many bytes the body has, where it is a large one: so many are set aside at once. */
  readonly size?: number;
  /** Writes the body. Called once for each time that it is sent. */
  readonly write: (body: ByteWriter) => void;
  /** Reads the answer's body, and throws the `KafkaError` that it holds. */
  readonly read: (answer: Answer) => T;
}

/** The body of an answer. */
export class Answer extends ByteReader {
  /** For how long the broker wants no further request of ours, in milliseconds. */
  throttle = 0;

  /** Reads the field of that name, which most answers begin with. */
  readThrottle(): void {
    this.throttle = this.int32();
  }
}

/** Where a broker listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The brokers of a cluster, as one of them described them. */
export interface Cluster {
  /** By id. */
  readonly brokers: ReadonlyMap<string, Address>;
  /** The broker that takes changes of topics. */
  readonly controller: string | undefined;
}

/** Connections to one cluster, from the first use until they are closed. Every method rejects with a `KafkaError`. */
export interface Transport {
  /** The members of the cluster. Connects to whichever of the named brokers answers first. */
  brokers(): Promise<Cluster>;
  /**
   * Sends a request to a broker of the cluster, or with `undefined` to any. Requests to one broker, fetches apart, go over one
   * connection in the order in which they were made.
   */
  send<T>(node: string | undefined, request: Request<T>): Promise<T>;
  /** Ends all connections; requests under way reject. */
  close(): Promise<void>;
}
