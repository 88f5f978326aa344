/**
 * Connections to one broker by kafkajs 2.2.4. Only the kafkajs files know this client.
 *
 * The connector uses the connection of kafkajs: framing, the queue of requests, TLS and the logins. It does not use its
 * cluster, producer or consumer: they hide details that exactly once depends on. kafkajs does not export the connection
 * class, so it is imported from its file, and the package is pinned to its exact version.
 *
 * Corrections are made on the objects of one connection only, never on a prototype, which other users share:
 *
 * - the queue of requests sets no timer when there is nothing to send (`kafkajs_queue.ts`);
 * - Nagle's algorithm is switched off, or a transaction's small requests would wait for delayed acknowledgements;
 * - a broker that accepts a connection and never answers is given up after the time for the login, not after the time
 *   for a request.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import KafkaJsConnection from "kafkajs/src/network/connection.js";
import { systemClock } from "../../base/clock.ts";
import { KafkaError } from "./errors.ts";
import { toKafkaError } from "./kafkajs_errors.ts";
import type { KafkaJsOptions } from "./kafkajs_options.ts";
import { checkWhenDue, type RequestQueue } from "./kafkajs_queue.ts";
import { apiVersions, type VersionRange } from "./requests/api_versions.ts";
import { FETCH } from "./requests/fetch.ts";
import { type Address, Answer, type Request } from "./transport.ts";
import { ByteWriter } from "./wire.ts";

const SASL_AUTHENTICATE = 36;

/** A connection of kafkajs: the members that are used here. */
interface Client {
  readonly requestQueue: RequestQueue;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  setVersions(versions: Record<number, VersionRange>): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  authenticate(): Promise<void>;
  send<T>(protocol: object): Promise<T>;
  rejectRequests(error: Error): void;
  disconnect(): Promise<unknown>;
}

/** kafkajs needs a logger. This one logs nothing: each failure also arrives as a rejection, and the caller words it. */
const silence = { namespace: () => silence, info() {}, error() {}, warn() {}, debug() {} };

/**
 * The connections to one broker: one for fetches, whose answers the broker may delay, and one for all other requests.
 */
export class BrokerConnections {
  readonly #fetches: Connection;
  readonly #others: Connection;

  constructor(readonly address: Address, options: KafkaJsOptions) {
    this.#fetches = new Connection(address, options);
    this.#others = new Connection(address, options);
  }

  /** Connects and logs in, if that was not done. Resolves with the versions that the broker supports. */
  ready(): Promise<ReadonlyMap<number, VersionRange>> {
    return this.#others.ready();
  }

  /** Sends a request. Rejects with a `KafkaError`. */
  async send<T>(request: Request<T>): Promise<T> {
    const connection = request.api === FETCH ? this.#fetches : this.#others;
    checkVersion(request, await connection.ready());
    return await connection.send(request);
  }

  /** Closes the connections at once; requests under way reject. Resolves when their sockets are closed. */
  async end(): Promise<void> {
    await Promise.all([this.#fetches.end(), this.#others.end()]);
  }
}

function checkVersion({ api, name, version }: Request<unknown>, spoken: ReadonlyMap<number, VersionRange>): void {
  const range = spoken.get(api);
  if (range !== undefined && range.minVersion <= version && version <= range.maxVersion) return;
  const takes = range === undefined ? "does not know it" : `takes versions ${range.minVersion} to ${range.maxVersion}`;
  throw new KafkaError(
    `the broker is of another age than this client: ${name} is wanted in version ${version}, it ${takes}`,
    {
      kind: "broker",
      code: 35,
    },
  );
}

class Connection {
  readonly #address: Address;
  readonly #options: KafkaJsOptions;
  #client: Client | undefined;
  #socket: Socket | undefined;
  /** Resolves when all sockets that were given up are closed. */
  #destroyed: Promise<void> = Promise.resolve();
  #ready: Promise<ReadonlyMap<number, VersionRange>> | undefined;
  #beginning = false;
  #ended = false;

  constructor(address: Address, options: KafkaJsOptions) {
    this.#address = address;
    this.#options = options;
  }

  ready(): Promise<ReadonlyMap<number, VersionRange>> {
    if (this.#ready !== undefined && (this.#beginning || this.#client?.isConnected())) return this.#ready;
    return this.#ready = this.#begin();
  }

  async send<T>(request: Request<T>): Promise<T> {
    try {
      return await this.#client!.send(toKafkaJs(request));
    } catch (error) {
      throw this.#ended ? ended() : toKafkaError(error);
    }
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const error = new Error("the connection was closed");
    this.#client?.rejectRequests(error);
    await this.#client?.disconnect().catch(() => {});
    await this.#destroy(error);
  }

  async #begin(): Promise<ReadonlyMap<number, VersionRange>> {
    if (this.#ended) throw ended();
    this.#beginning = true;
    let cancel = () => {};
    try {
      // A new client: the buffer of the old one may still have a part of an answer.
      const client = this.#client = this.#make();
      await client.connect();
      const { authenticationTimeout } = this.#options;
      const silent = new Error(`it takes connections, but did not answer within ${authenticationTimeout} ms`);
      cancel = systemClock.after(authenticationTimeout, () => void this.#destroy(silent));
      const versions = await client.send<ReadonlyMap<number, VersionRange>>(toKafkaJs(apiVersions));
      client.setVersions(Object.fromEntries(versions));
      client.setSupportAuthenticationProtocol(versions.has(SASL_AUTHENTICATE));
      await client.authenticate();
      return versions;
    } catch (error) {
      this.#ready = undefined;
      void this.#destroy(new Error("it could not be used"));
      throw this.#ended ? ended() : toKafkaError(error);
    } finally {
      cancel();
      this.#beginning = false;
    }
  }

  #make(): Client {
    const client: Client = new KafkaJsConnection({
      ...this.#address,
      ...this.#options,
      // A copy: the login stores what it has found out in its options.
      sasl: this.#options.sasl && { ...this.#options.sasl },
      logger: silence,
      socketFactory: (wanted: Wanted) => this.#open(wanted),
    });
    checkWhenDue(client.requestQueue);
    return client;
  }

  #open(wanted: Wanted): Socket {
    if (this.#ended) throw new Error("the connection was closed");
    const socket = openSocket(wanted);
    socket.setNoDelay(true);
    return this.#socket = socket;
  }

  /**
   * Destroys the socket with an error: this also clears kafkajs' timer for a connection that is being established.
   * Resolves when this socket and all earlier ones are closed.
   */
  #destroy(error: Error): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.closed) return this.#destroyed;
    const closed = new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.destroy(error);
    });
    return this.#destroyed = Promise.all([this.#destroyed, closed]).then(() => {});
  }
}

/** The same error as for any lost connection. The caller knows who closed it, and whether to go on. */
function ended(): KafkaError {
  return new KafkaError("the connection was given up", { kind: "connection" });
}

/** Converts a request to kafkajs' form. */
function toKafkaJs<T>(request: Request<T>): object {
  const { api, version, name, flexible = false, patience = null, size } = request;
  return {
    requestTimeout: patience,
    request: {
      apiKey: api,
      apiVersion: version,
      apiName: name,
      encode() {
        const body = new ByteWriter(size);
        // The header of a flexible version ends with tagged fields. There are none.
        if (flexible) body.unsignedVarint(0);
        request.write(body);
        const { buffer, byteOffset, byteLength } = body.written;
        const bytes = Buffer.from(buffer, byteOffset, byteLength);
        // kafkajs accepts any object with these two fields as an encoder.
        return { buf: bytes, buffer: bytes };
      },
    },
    response: {
      decode(bytes: Uint8Array) {
        const answer = new Answer(bytes);
        if (flexible) answer.skipTags();
        try {
          const value = request.read(answer);
          return { value, clientSideThrottleTime: answer.throttle };
        } catch (error) {
          return { error, clientSideThrottleTime: answer.throttle };
        }
      },
      parse(decoded: { readonly value?: T; readonly error?: unknown }) {
        if ("error" in decoded) throw decoded.error;
        return decoded.value;
      },
    },
  };
}

/** What kafkajs passes to its socket factory. */
interface Wanted {
  readonly host: string;
  readonly port: number;
  readonly ssl: object | null;
  readonly onConnect: () => void;
}

function openSocket({ host, port, ssl, onConnect }: Wanted): Socket {
  const socket = ssl
    ? connectSecure({ host, port, ...isIP(host) ? {} : { servername: host }, ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect);
  socket.setKeepAlive(true, 60_000);
  return socket;
}
