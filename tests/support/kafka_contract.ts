/** The connector contract, for Kafka on any broker. */
import { connectorContract } from "../connector_contract.ts";
import { finishing } from "./finishing.ts";
import { connect, NO_STORE } from "./kafka.ts";

/** Registers the contract's tests. The brokers are determined when the tests run. */
export function kafkaContract(name: string, brokers: () => string[], { ignore }: { ignore: boolean }): void {
  connectorContract(name, () =>
    Promise.resolve({
      store: NO_STORE,
      connect: async () => finishing(await connect(brokers())),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }), { ignore });
}
