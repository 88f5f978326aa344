/**
 * Measures the Kafka connector alone, without engine and state: transactions by size, records written and read a
 * second, and the cost of an idle reader. `deno run -A bench/kafka_client_bench.ts [host:port]`; without an address it
 * starts a broker.
 */
import { KafkaConnection } from "../connectors/kafka/connection.ts";
import { KafkaJsDriver } from "../connectors/kafka/kafkajs_driver.ts";
import type { Batch, OutputRecord, Reader } from "../connectors/connector.ts";
import { deliver } from "../tests/support/deliveries.ts";
import { startBroker } from "../tests/support/broker.ts";
import { layOut } from "../runtime/task_layout.ts";

const PARTITIONS = 4;
const VALUE = new TextEncoder().encode(
  JSON.stringify({ user_id: "user-12345678", event_count: 42, pad: "x".repeat(46) }),
);
const encoder = new TextEncoder();

if (import.meta.main) {
  const [named] = Deno.args;
  await using own = named === undefined ? await startBroker() : undefined;
  const connection = await KafkaConnection.open(new KafkaJsDriver(own?.brokers ?? [named], {}));
  const topic = `bench-${Date.now()}`;
  await connection.createTopic(topic, PARTITIONS);
  await connection.delivery.prepare({ name: topic, incarnation: "bench", tasks: PARTITIONS });
  try {
    await measureTransactions(connection, topic, 1);
    await measureTransactions(connection, topic, 500);
    await measureWriting(connection, topic, 500);
    await measureWriting(connection, topic, 2000);
    await measureReading(connection, topic);
    await measureIdling(connection, topic);
  } finally {
    await connection.close();
  }
}

function makeRecords(topic: string, count: number): OutputRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    topic,
    partition: index % PARTITIONS,
    timestamp: 1_700_000_000_000 + index,
    key: encoder.encode(`user-${index}`),
    value: VALUE,
    headers: undefined,
  }));
}

async function measureTransactions(connection: KafkaConnection, topic: string, size: number): Promise<void> {
  const life = await connection.delivery.open(`${topic}-latency-${size}`);
  const records = makeRecords(topic, size);
  const took: number[] = [];
  for (let epoch = 1; epoch <= 600; epoch++) {
    const began = performance.now();
    await deliver(life, records, epoch);
    took.push(performance.now() - began);
  }
  await life.close();
  const sorted = took.slice(200).sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)].toFixed(2);
  console.log(`transaction of ${size} records and a marker: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
}

async function measureWriting(connection: KafkaConnection, topic: string, size: number): Promise<void> {
  const life = await connection.delivery.open(`${topic}-writing-${size}`);
  const records = makeRecords(topic, size);
  const began = performance.now();
  const busy = cpu();
  let written = 0;
  for (let epoch = 1; performance.now() - began < 5000; epoch++) {
    await deliver(life, records, epoch);
    written += size;
  }
  report(`written in transactions of ${size}`, written, { began, busy });
  await life.close();
}

async function measureReading(connection: KafkaConnection, topic: string): Promise<void> {
  const bounds = await connection.bounds(topic);
  const whole = bounds.reduce((sum, { latest }) => sum + latest, 0);
  const began = performance.now();
  const busy = cpu();
  let records = 0;
  let position = 0;
  const done = Promise.withResolvers<void>();
  const reader = await read(connection, topic, (batch) => {
    records += batch.records.length;
    position += batch.position - batch.start;
    if (position >= whole) done.resolve();
  });
  await done.promise;
  report("read", records, { began, busy });
  await reader.stop();
}

async function measureIdling(connection: KafkaConnection, topic: string): Promise<void> {
  const bounds = await connection.bounds(topic);
  const settled = Promise.withResolvers<void>();
  let reports = 0;
  const reader = await read(
    connection,
    topic,
    () => ++reports === PARTITIONS && settled.resolve(),
    (partition) => bounds[partition].latest,
  );
  await settled.promise;
  const began = performance.now();
  const busy = cpu();
  reports = 0;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `idle reader: ${(100 * (cpu() - busy) / seconds).toFixed(1)} % of a core, ${
      (reports / seconds).toFixed(0)
    } reports/s`,
  );
  await reader.stop();
}

function read(
  connection: KafkaConnection,
  topic: string,
  batch: (batch: Batch) => void,
  from: (partition: number) => number = () => 0,
): Promise<Reader> {
  const options = {
    group: `${topic}-${performance.now()}`,
    worker: undefined,
    topics: [topic],
    layout: layOut("perPartition", new Map([[topic, PARTITIONS]])),
    incarnation: "bench",
    remembered: undefined,
    remember: () => Promise.resolve(),
  };
  return connection.reader(options, {
    assigned: (partitions) =>
      Promise.resolve(partitions.map((partition) => ({ topic, partition, offset: from(partition) }))),
    revoking: () => Promise.resolve(),
    batch,
    missing: (_topic, _partition, _wanted, bounds) => Promise.resolve(bounds.earliest),
    trouble: (_kind, error) => error && console.log(`trouble: ${error.message}`),
    failed: (error) => console.log(`failed: ${error.message}`),
  });
}

/** Seconds of processor time that all threads of this process have used. */
function cpu(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function report(what: string, records: number, { began, busy }: { began: number; busy: number }): void {
  const seconds = (performance.now() - began) / 1000;
  const used = cpu() - busy;
  console.log(
    `${what}: ${Math.round(records / seconds)} records/s, ${(used / seconds).toFixed(2)} cores, ` +
      `${(1e6 * used / records).toFixed(2)} us of processor a record`,
  );
}
