/** A Kafka connection whose transactions are over when they are told to be. */
import type { Connection, Publishing } from "../../connectors/connector.ts";

/**
 * A commit returns some moments before its control records are written; the contract compares offsets right after it.
 * Fencing waits until the transaction is finished.
 */
export function finishing(connection: Connection): Connection {
  const publishing = connection.publishing!;
  const finished: Publishing = {
    ...publishing,
    async producer(id) {
      const producer = await publishing.producer(id);
      return {
        async publish(records, markers) {
          await producer.publish(records, markers);
          await publishing.fence(id);
        },
        close: () => producer.close(),
      };
    },
  };
  return new Proxy(connection, {
    get(target, name) {
      if (name === "publishing") return finished;
      const member = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
