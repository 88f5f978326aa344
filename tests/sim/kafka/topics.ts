/**
 * The topics of the simulated cluster, and the leaders of their partitions.
 *
 * @module
 */
import { SERVER } from "./codes.ts";
import { type LogLimits, PartitionLog } from "./partition_log.ts";

const DEFAULTS = {
  "max.message.bytes": "1048588",
  "message.timestamp.before.max.ms": "9223372036854775807",
  "message.timestamp.after.max.ms": "3600000",
  "cleanup.policy": "delete",
  // The simulated Kafka has no retention of its own, and no segments.
  "retention.ms": "604800000",
  "retention.bytes": "-1",
  "segment.bytes": "1073741824",
  "message.timestamp.type": "CreateTime",
};

/** A partition with its leader. */
export interface LedPartition {
  readonly log: PartitionLog;
  leader: string | undefined;
  /** The leader does not know that it leads until this time, in virtual milliseconds. */
  readonly servedFrom: number;
}

/** A topic. Clients learn of it with a short delay. */
export interface Topic {
  readonly name: string;
  /** Never used twice: a topic that is created anew has another id. */
  readonly id: string;
  config: ReadonlyMap<string, string>;
  /** The limits from its present configuration, which its partitions check. */
  readonly limits: LogLimits;
  readonly partitions: LedPartition[];
  /** Metadata does not show the topic until this time, in virtual milliseconds. */
  readonly visibleFrom: number;
}

/** All topics by name. */
export class Topics {
  readonly #topics = new Map<string, Topic>();
  #made = 0;
  readonly #brokers: readonly string[];
  readonly #now: () => number;

  constructor(brokers: readonly string[], now: () => number) {
    this.#brokers = brokers;
    this.#now = now;
  }

  /** Creates a topic that is visible from `visibleFrom` and led from `servedFrom` on. Returns an error code, or 0. */
  create(name: string, partitions: number, { config = {}, visibleFrom = 0, servedFrom = 0 }: {
    readonly config?: Readonly<Record<string, string>>;
    readonly visibleFrom?: number;
    readonly servedFrom?: number;
  } = {}): number {
    if (this.#topics.has(name)) return SERVER.topicAlreadyExists;
    if (!/^[\w.-]{1,249}$/.test(name) || this.collidingWith(name) !== undefined) return SERVER.invalidTopic;
    if (partitions < 1) return SERVER.invalidPartitions;
    const all = configOf(config);
    const id = `topic ${this.#made++}`;
    const topic: Topic = { name, id, config: all, limits: limitsOf(all), partitions: [], visibleFrom };
    this.#topics.set(name, topic);
    this.#extend(topic, partitions, servedFrom);
    return 0;
  }

  /** A topic whose name is the same in Kafka's metrics. */
  collidingWith(name: string): string | undefined {
    const metric = (one: string) => one.replaceAll(".", "_");
    return [...this.#topics.keys()].find((other) => other !== name && metric(other) === metric(name));
  }

  grow(name: string, partitions: number, servedFrom = 0): number {
    const topic = this.#topics.get(name);
    if (topic === undefined) return SERVER.unknownTopicOrPartition;
    if (partitions <= topic.partitions.length) return SERVER.invalidPartitions;
    this.#extend(topic, partitions, servedFrom);
    return 0;
  }

  /** Changes some of a topic's configuration. The records that are in it stay. */
  configure(name: string, config: Readonly<Record<string, string>>): void {
    const topic = this.known(name);
    topic.config = configOf({ ...Object.fromEntries(topic.config), ...config });
    Object.assign(topic.limits, limitsOf(topic.config));
  }

  delete(name: string): void {
    if (!this.#topics.delete(name)) throw new Error(`There is no topic "${name}" to delete`);
  }

  /** A topic, if metadata shows it already. */
  visible(name: string): Topic | undefined {
    const topic = this.#topics.get(name);
    return topic !== undefined && topic.visibleFrom <= this.#now() ? topic : undefined;
  }

  /** A topic, whether or not metadata shows it. */
  known(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new Error(`There is no topic "${name}" in the simulated Kafka`);
    return topic;
  }

  has(name: string, partition: number): boolean {
    const topic = this.visible(name);
    return topic !== undefined && partition >= 0 && partition < topic.partitions.length;
  }

  /** A partition, if this broker serves it; otherwise the code of the refusal. */
  served(name: string, partition: number, broker: string | undefined): PartitionLog | number {
    const topic = this.visible(name);
    const found = topic?.partitions[partition];
    if (topic === undefined || found === undefined) return SERVER.unknownTopicOrPartition;
    if (broker === undefined) return SERVER.leaderNotAvailable;
    return found.leader === broker && found.servedFrom <= this.#now() ? found.log : SERVER.notLeader;
  }

  /** A partition without regard to brokers; `undefined` when there is none. */
  find(name: string, partition: number): LedPartition | undefined {
    return this.#topics.get(name)?.partitions[partition];
  }

  #extend(topic: Topic, partitions: number, servedFrom: number): void {
    const { limits } = topic;
    while (topic.partitions.length < partitions) {
      const leader = this.#brokers[topic.partitions.length % this.#brokers.length];
      topic.partitions.push({ log: new PartitionLog(limits), leader, servedFrom });
    }
  }
}

function configOf(config: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  for (const key of Object.keys(config)) {
    if (!Object.hasOwn(DEFAULTS, key)) throw new Error(`The simulated Kafka knows no topic configuration "${key}"`);
  }
  return new Map(Object.entries({ ...DEFAULTS, ...config }));
}

function limitsOf(config: ReadonlyMap<string, string>): LogLimits {
  return {
    batchBytes: Number(config.get("max.message.bytes")),
    ...(config.get("message.timestamp.type") === "LogAppendTime"
      ? { timestampBehind: Infinity, timestampAhead: Infinity }
      : {
        timestampBehind: Number(config.get("message.timestamp.before.max.ms")),
        timestampAhead: Number(config.get("message.timestamp.after.max.ms")),
      }),
    compacted: config.get("cleanup.policy")!.split(",").includes("compact"),
  };
}
