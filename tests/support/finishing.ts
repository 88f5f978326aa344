/** A Kafka connection whose transactions are over when they are told to be. */
import type { Connection } from "../../connectors/connector.ts";
import { afterCommit, withDelivery } from "./deliveries.ts";

/**
 * A commit returns some moments before its control records are written; the contract compares offsets right after it.
 * Fencing waits until the transaction is finished.
 */
export function finishing(connection: Connection): Connection {
  const delivery = afterCommit(connection);
  return withDelivery(connection, {
    async open(owner) {
      const life = await delivery.open(owner);
      return {
        async publish(tasks) {
          const reached = await life.publish(tasks);
          await delivery.fence(owner);
          return reached;
        },
        close: () => life.close(),
      };
    },
  });
}
