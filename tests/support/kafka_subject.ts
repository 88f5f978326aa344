/**
 * A Kafka under test, real or simulated, and how a contract is registered for it: what holds for the one must hold for the other.
 */
import type { Connection } from "../../connectors/connector.ts";
import { KafkaConnection } from "../../connectors/kafka/connection.ts";
import type { TimerClock } from "../../base/clock.ts";
import type { Driver, Line } from "../../connectors/kafka/driver.ts";

/** A Kafka, and what a person may do with it. */
export interface KafkaSubject extends AsyncDisposable {
  readonly driver: Driver;
  readonly clock: TimerClock;
  /** The brokers' wall clock, in milliseconds. */
  now(): number;
  createTopicWith(topic: string, config: Record<string, string>): Promise<void>;
  /** Takes away what lies below an offset, as retention does. */
  deleteRecords(topic: string, partition: number, before: number): Promise<void>;
  /** The ids of a group's members, in order. */
  members(group: string): Promise<string[]>;
}

/** What a case of a contract works with. What it opens is closed for it. */
export interface KafkaBench {
  readonly kafka: KafkaSubject;
  readonly clock: TimerClock;
  readonly connection: Connection;
  /** A connection of somebody else. */
  readonly other: Connection;
  /** A line that is connected. */
  line(): Promise<Line>;
  now(): number;
}

/** Cases of a contract, by the sentence that each shows. */
export type KafkaContract = Readonly<Record<string, (bench: KafkaBench) => Promise<void>>>;

/** Registers a contract's tests for one Kafka. */
export function kafkaContract(
  name: string,
  contract: KafkaContract,
  { make, ignore = false }: { readonly make: () => Promise<KafkaSubject>; readonly ignore?: boolean },
): void {
  for (const [sentence, run] of Object.entries(contract)) {
    Deno.test({
      name: `${name}: ${sentence}`,
      ignore,
      async fn() {
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
      },
    });
  }
}
