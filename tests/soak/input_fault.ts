/** Whether the input itself is what was to be written: its clients, too, live through everything that happens to the broker. */
import type { KafkaWorld } from "../support/crash/kafka_world.ts";
import { readCommitted } from "../support/crash/read_committed.ts";
import type { Event } from "../support/crash/traffic.ts";

const decoder = new TextDecoder();

/** A sentence where the input is wrong: the n-th event of a partition is its n-th record. */
export async function inputFault({ base, kafka, partitions }: KafkaWorld): Promise<string | undefined> {
  const next = Array.from({ length: partitions }, () => 0);
  let fault: string | undefined;
  await readCommitted(kafka, { brokers: base.brokers!, topics: [base.topics.input], partitions }, (record) => {
    const { index } = JSON.parse(decoder.decode(record.value!)) as Event;
    const expected = next[record.partition]++;
    if (index === expected) return;
    fault ??=
      `the input is wrong: event ${index} of partition ${record.partition} came where event ${expected} should be`;
  });
  return fault;
}
