/** The contract of connectors, for Kafka on some broker. */
import type { Connection, Publishing } from "../../connectors/connector.ts";
import { connectorContract } from "../connector_contract.ts";
import { connect, NO_STORE } from "./kafka.ts";

/** Registers the contract's tests for the broker that is there when they run. */
export function kafkaContract(name: string, brokers: () => string[], { ignore }: { ignore: boolean }): void {
  connectorContract(name, () =>
    Promise.resolve({
      store: NO_STORE,
      connect: async () => finishing(await connect(brokers())),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }), { ignore });
}

/**
 * A commit returns some moments before its control records are written; the contract compares offsets right after it.
 * Fencing waits until the transaction is finished.
 */
function finishing(connection: Connection): Connection {
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
