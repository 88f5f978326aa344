/**
 * A cluster's connections by kafkajs 2.2.4: one of the files that know this client.
 *
 * Used of it are connections, TLS, SASL, API versions, coordinators and the encoding of everyday requests. Its consumer and
 * producer are not: they hide what the engine's promises hang on (see `driver.ts`). The object that holds the connections
 * is not exported by kafkajs, but it gives it to partition assigners, so an assigner that never assigns takes it from there.
 *
 * Corrections are made on the objects of one connection only, never on a prototype, which belongs to everyone:
 *
 * - `RequestQueue.scheduleCheckPendingRequests` arms a timer of a negative time again and again with nothing to send (a
 *   busy core, and a warning on current runtimes): it is left alone unless something is queued or throttled;
 * - `Broker.metadata` describes all topics where none is named and fails when any of them has no leader just now: here
 *   the client itself asks for the brokers only;
 * - sockets have Nagle's algorithm switched off, else a transaction's small requests wait for delayed acknowledgements.
 *
 * @module
 */

import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { metadataRequest } from "./kafkajs_requests.ts";
import { CONNECTION_TIMEOUT } from "./limits.ts";

/** A request in kafkajs' form. */
export interface ProtocolRequest<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): unknown;
  };
  readonly response: {
    decode(bytes: Uint8Array): Record<string, unknown>;
    parse(decoded: Record<string, unknown>): T;
  };
}

/** One connection, as far as it is corrected here. */
interface KafkaJsConnection {
  readonly requestQueue: {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    scheduleCheckPendingRequests(): void;
  };
  rejectRequests(error: Error): void;
}

interface KafkaJsConnectionPool {
  readonly pool: readonly KafkaJsConnection[];
  send<T>(request: ProtocolRequest<T>): Promise<T>;
}

/** A broker of the cluster, with the requests that kafkajs encodes for us. */
export interface KafkaJsBroker {
  readonly nodeId: number | string | null;
  readonly versions: Record<number, { minVersion: number; maxVersion: number }>;
  readonly connectionPool: KafkaJsConnectionPool;
  metadata(topics: string[]): Promise<unknown>;
  disconnect(): Promise<void>;
  findGroupCoordinator(request: object): Promise<{ coordinator: { nodeId: number } }>;
  joinGroup(request: object): Promise<KafkaJsJoin>;
  syncGroup(request: object): Promise<{ memberAssignment: Uint8Array }>;
  heartbeat(request: object): Promise<unknown>;
  leaveGroup(request: object): Promise<unknown>;
  offsetCommit(request: object): Promise<unknown>;
  listOffsets(request: object): Promise<KafkaJsListedOffsets>;
  describeConfigs(request: object): Promise<KafkaJsConfigs>;
  createTopics(request: object): Promise<unknown>;
  createPartitions(request: object): Promise<unknown>;
  initProducerId(request: object): Promise<{ producerId: string; producerEpoch: number }>;
  addPartitionsToTxn(request: object): Promise<unknown>;
  addOffsetsToTxn(request: object): Promise<unknown>;
  txnOffsetCommit(request: object): Promise<unknown>;
  endTxn(request: object): Promise<unknown>;
}

/** What a join answers. */
export interface KafkaJsJoin {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Uint8Array }[];
}

/** What a question for offsets answers. */
export interface KafkaJsListedOffsets {
  readonly responses: readonly {
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }[];
}

/** What a question for configurations answers. */
export interface KafkaJsConfigs {
  readonly resources: readonly {
    readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[];
  }[];
}

/** The connections of one cluster. */
export interface KafkaJsCluster {
  connect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  disconnect(): Promise<void>;
  findBroker(options: { nodeId: string }): Promise<KafkaJsBroker>;
  findControllerBroker(): Promise<KafkaJsBroker>;
  readonly brokerPool: {
    readonly brokers: Record<string, KafkaJsBroker>;
    readonly seedBroker: KafkaJsBroker | undefined;
    createBroker(options: object): KafkaJsBroker;
    findConnectedBroker(): Promise<KafkaJsBroker>;
    hasConnectedBrokers(): boolean;
  };
}

/** Options of kafkajs that a user may pass through. */
export type KafkaJsOptions = Omit<KafkaConfig, "brokers" | "retry" | "logLevel" | "logCreator">;

/** One set of connections: made once, used, and ended for good. */
export class ClusterLife {
  readonly cluster: KafkaJsCluster;
  readonly #sockets = new Set<Socket>();
  #ended = false;

  constructor(brokers: readonly string[], options: KafkaJsOptions) {
    const socketFactory = options.socketFactory ?? openSocket;
    const kafka = new Kafka({
      connectionTimeout: CONNECTION_TIMEOUT,
      ...options,
      brokers: [...brokers],
      // Each failure comes back as a rejection, and whoever asked words it; kafkajs' own lines would only repeat it.
      logLevel: logLevel.NOTHING,
      // Whether and when to try again is decided by who knows what the request means.
      retry: { retries: 0 },
      socketFactory: (address) => this.#keep(socketFactory(address) as Socket),
    });
    this.cluster = takeCluster(kafka);
    correctBrokers(this.cluster);
  }

  #keep(socket: Socket): Socket {
    if (this.#ended) {
      socket.destroy();
      throw new Error("the connection was closed");
    }
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  /** Ends all connections at once; requests under way reject. Resolves when the last socket is closed. */
  async end(): Promise<void> {
    this.#ended = true;
    const error = new Error("the connection was closed");
    const { brokers, seedBroker } = this.cluster.brokerPool;
    for (const broker of new Set([...Object.values(brokers), ...seedBroker ? [seedBroker] : []])) {
      for (const connection of broker.connectionPool.pool) connection.rejectRequests(error);
    }
    await this.cluster.disconnect().catch(() => {});
    // A socket that is destroyed with an error also clears kafkajs' timer for a connection that is just being made.
    const closed = [...this.#sockets].map((socket) =>
      new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.destroy(error);
      })
    );
    await Promise.all(closed);
  }
}

function openSocket(
  { host, port, ssl, onConnect }: { host: string; port: number; ssl: object; onConnect: () => void },
): Socket {
  const socket = ssl
    ? connectSecure({ host, port, ...isIP(host) ? {} : { servername: host }, ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect);
  socket.setKeepAlive(true, 60_000);
  return socket;
}

function takeCluster(kafka: Kafka): KafkaJsCluster {
  let taken: unknown;
  kafka.consumer({
    groupId: "unused",
    allowAutoTopicCreation: false,
    partitionAssigners: [({ cluster }) => {
      taken = cluster;
      return { name: "unused", version: 0, assign: () => Promise.resolve([]), protocol: unusedProtocol };
    }],
  });
  if (taken === undefined) throw new Error("Cannot use kafkajs: it gave no cluster to its partition assigner");
  return taken as KafkaJsCluster;
}

function unusedProtocol(): never {
  throw new Error("This assigner is never asked");
}

function correctBrokers(cluster: KafkaJsCluster): void {
  const { brokerPool } = cluster;
  const create = brokerPool.createBroker.bind(brokerPool);
  brokerPool.createBroker = (options) => {
    const broker = create(options);
    broker.metadata = () => broker.connectionPool.send(metadataRequest([]));
    for (const { requestQueue } of broker.connectionPool.pool) {
      const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
      requestQueue.scheduleCheckPendingRequests = () => {
        if (requestQueue.pending.length > 0 || requestQueue.throttledUntil > Date.now()) schedule();
      };
    }
    return broker;
  };
}
