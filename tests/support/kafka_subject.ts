/**
 * A real or simulated Kafka under test, and how a contract is registered for it: both must pass the same contracts.
 */
import type { Connection } from "../../connectors/connector.ts";
import { KafkaConnection } from "../../connectors/kafka/connection.ts";
import type { TimerClock } from "../../base/clock.ts";
import type { Driver, Line } from "../../connectors/kafka/driver.ts";

/** A Kafka, and what a person can do with it. */
export interface KafkaSubject extends AsyncDisposable {
  readonly driver: Driver;
  readonly clock: TimerClock;
  /** The brokers' wall clock, in milliseconds. */
  now(): number;
  createTopicWith(topic: string, config: Record<string, string>): Promise<void>;
  /** Deletes the records below an offset, as retention does. */
  deleteRecords(topic: string, partition: number, before: number): Promise<void>;
  /** Sets an offset of a group without members, as a person does with Kafka's own tool. */
  setOffset(group: string, topic: string, partition: number, offset: number): Promise<void>;
  /** A consumer of Kafka's newer protocol subscribes to a topic in this group. */
  intrude(group: string, topic: string): Promise<{ leave(): Promise<void> }>;
  /** The ids of a group's members, in order. */
  members(group: string): Promise<string[]>;
}

/** What a case of a contract needs. Everything that it opens is closed after the case. */
export interface KafkaBench {
  readonly kafka: KafkaSubject;
  readonly clock: TimerClock;
  readonly connection: Connection;
  /** A connection of another program. */
  readonly other: Connection;
  /** A new connected line. */
  line(): Promise<Line>;
  now(): number;
}

/** On which Kafka a contract's tests run. */
export interface KafkaMaking {
  readonly make: () => Promise<KafkaSubject>;
  readonly ignore?: boolean;
}

/** Gives a case its bench, and closes for it what it opens. */
function onBench({ make }: KafkaMaking, run: (bench: KafkaBench) => Promise<void>): () => Promise<void> {
  return async () => {
    await using kafka = await make();
    const { clock, driver } = kafka;
    const [connection, other] = [
      await KafkaConnection.open(driver, clock),
      await KafkaConnection.open(driver, clock),
    ];
    const lines: Line[] = [];
    const line = async () => {
      const made = driver.line();
      lines.push(made);
      await made.connect();
      return made;
    };
    try {
      await run({ kafka, clock, connection, other, line, now: () => kafka.now() });
    } finally {
      await Promise.all([connection, other, ...lines].map((one) => one.close()));
    }
  };
}

/** Registers the groups of cases of a contract for one Kafka. `on` creates the bench of a case. */
export function contract(
  register: (
    name: string,
    on: (run: (bench: KafkaBench) => Promise<void>) => () => Promise<void>,
    ignore: boolean,
  ) => void,
): (name: string, making: KafkaMaking) => void {
  return (name, making) => register(name, (run) => onBench(making, run), making.ignore ?? false);
}
