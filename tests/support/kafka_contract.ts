/** The contract of connectors, for Kafka on some broker. */
import { connectorContract } from "../connector_contract.ts";
import { finishing } from "./finishing.ts";
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
