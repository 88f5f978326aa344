/** A Kafka connection whose calls resolve only when their transactions are finished. */
import type { Connection } from "../../connectors/connector.ts";
import { afterCommit, withDelivery } from "./deliveries.ts";

/**
 * A commit returns shortly before its control records are written, but the contract compares offsets right after it.
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
