/** What a case of the connector contract needs. */
import type { Connection, OutputRecord } from "../../connectors/connector.ts";
import type { Store } from "../../state/store.ts";
import { freshTopic, publish, type Reading, type RecordingReader, startReading } from "./recording_reader.ts";

/** A connector under test, with topics of its own. */
export interface ContractSubject extends AsyncDisposable {
  /** Opens the connector for a job of that name. The suite closes the connection. */
  connect(job: string): Promise<Connection>;
  /** The job's store, for connectors that publish in its atomics. */
  readonly store: Store;
}

/** What a test of the contract needs. */
export interface Bench {
  readonly connection: Connection;
  readonly store: Store;
  readonly subject: ContractSubject;
  /** Creates a topic with this many partitions and returns its name. */
  topic(partitions: number): Promise<string>;
  publish(records: readonly OutputRecord[]): Promise<void>;
  read(topic: string, reading?: Partial<Reading>): Promise<RecordingReader>;
}

/** One case. */
export type Case = (bench: Bench) => Promise<void>;

/** Runs one case on a separate connection. */
export async function onBench(make: () => Promise<ContractSubject>, run: Case): Promise<void> {
  await using subject = await make();
  const connection = await subject.connect("contract");
  const place = { connection, store: subject.store };
  try {
    await run({
      ...place,
      subject,
      async topic(partitions) {
        const topic = freshTopic();
        await connection.createTopic(topic, partitions);
        return topic;
      },
      publish: (records) => publish(place, records),
      read: (topic, reading) => startReading(connection, { topics: [topic], ...reading }),
    });
  } finally {
    await connection.close();
  }
}
