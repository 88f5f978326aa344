/** Requests of the contracts to a real or simulated Kafka: refused ones, and repeated ones. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { TimerClock } from "../../base/clock.ts";
import type { Line } from "../../connectors/kafka/driver.ts";
import { CODE, hasCode, isPassing, KafkaError } from "../../connectors/kafka/errors.ts";
import { askUntil } from "../../connectors/kafka/retry.ts";
import type { KafkaBench } from "./kafka_subject.ts";
import { freshTopic } from "./recording_reader.ts";

/** Checks that a request is refused with one of these codes. */
export async function assertRefused(request: Promise<unknown>, ...codes: number[]): Promise<void> {
  const error = await assertRejects(() => request, KafkaError);
  assertEquals(error.kind, "broker");
  assert(codes.includes(error.code!), `refused with code ${error.code}, expected one of ${codes}`);
}

/**
 * Repeats a step while the transaction before is being completed, or a coordinator is being created, as the engine
 * does.
 */
export function patiently(line: Line, clock: TimerClock, step: () => Promise<void>): Promise<void> {
  const retries = (error: unknown) => isPassing(error) || hasCode(error, CODE.concurrentTransactions);
  return askUntil(line, step, { clock, limit: 10_000, retries });
}

/** The name of a new group that has a coordinator. */
export async function freshGroup({ line, clock }: KafkaBench): Promise<string> {
  const [own, group] = [await line(), freshTopic()];
  await patiently(own, clock, async () => void await own.committed(group, group, [0], false));
  return group;
}
