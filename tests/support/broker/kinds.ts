/** What a broker for tests is, wherever it comes from. */

/** Where a broker would come from. */
export interface BrokerFinding {
  readonly kind: "env" | "container" | "jars" | "none";
  /** One line for people: what was found, or what is missing. */
  readonly reason: string;
}

export interface BrokerOptions {
  /** Partitions of a topic that is created without saying how many. @default {1} */
  readonly partitions?: number;
  /** Nodes of the cluster; more than one only from jars. @default {1} */
  readonly nodes?: number;
  /**
   * `apart`: the controller is a process of its own, which lives on when the broker is killed; only from jars. A node that is both
   * may lose the ends of transactions when it is killed (docs/proof.md).
   */
  readonly controller?: "apart";
  /** Port of the first node; the others follow it. By default free ports are taken. */
  readonly port?: number;
  /** Leaves the data directory where it is at the end. @default {false} */
  readonly keepData?: boolean;
  /** Java options. @default {JVM_FOR_TESTS} */
  readonly jvm?: readonly string[];
  /** More broker properties; they win over ours. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** A broker that somebody else keeps: to be used, never to be ended. */
export interface SharedBroker {
  readonly kind: BrokerFinding["kind"];
  /** Addresses, `host:port`. */
  readonly brokers: string[];
}

/** A broker of one's own. It is ended, and its data removed, by `await using`. */
export interface Broker extends SharedBroker, AsyncDisposable {
  /** Process id of the first node while it runs. */
  readonly pid: number | undefined;
  readonly pids: (number | undefined)[];
  /** Where data and logs are. */
  readonly directory: string;
  /** Starts a node (counted from 0), or all of them, again: same port, same data. */
  start(node?: number): Promise<void>;
  /** Stops in an orderly way (SIGTERM) and waits for the end. */
  stop(node?: number): Promise<void>;
  /** Kills (SIGKILL) and waits for the end. */
  kill(node?: number): Promise<void>;
}
