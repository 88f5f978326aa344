/** The interface of a broker for tests, wherever it comes from. */

/** Where a broker would come from. */
export interface BrokerFinding {
  readonly kind: "env" | "container" | "jars" | "none";
  /** One line for a message: what was found, or what is missing. */
  readonly reason: string;
}

export interface BrokerOptions {
  /** Partitions of a topic that is created without saying how many. @default {1} */
  readonly partitions?: number;
  /** Nodes of the cluster; more than one only from jars. @default {1} */
  readonly nodes?: number;
  /**
   * `apart`: the controller is a separate process that survives a kill of the broker; only from jars. A node that is
   * both may lose the ends of transactions when it is killed (docs/proof.md).
   */
  readonly controller?: "apart";
  /** Port of the first node; the others follow it. By default free ports are taken. */
  readonly port?: number;
  /** Keeps the data directory at the end. @default {false} */
  readonly keepData?: boolean;
  /** Java options. @default {JVM_FOR_TESTS} */
  readonly jvm?: readonly string[];
  /** More broker properties. They override the default ones. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** A broker that is owned elsewhere: it may be used, but not stopped. */
export interface SharedBroker {
  readonly kind: BrokerFinding["kind"];
  /** Addresses, `host:port`. */
  readonly brokers: string[];
}

/** A broker that the caller owns. `await using` stops it and removes its data. */
export interface Broker extends SharedBroker, AsyncDisposable {
  /** Process id of the first node while it runs. */
  readonly pid: number | undefined;
  readonly pids: (number | undefined)[];
  /** The directory of data and logs. */
  readonly directory: string;
  /** Starts a node (counted from 0), or all of them, again: same port, same data. */
  start(node?: number): Promise<void>;
  /** Stops in an orderly way (SIGTERM) and waits for the end. */
  stop(node?: number): Promise<void>;
  /** Kills (SIGKILL) and waits for the end. */
  kill(node?: number): Promise<void>;
}
