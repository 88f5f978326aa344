/** The contract of rights and limits on the simulated Kafka. */
import { type ChangingKafka, rightsContract } from "../kafka_rights_contract.ts";
import { simKafka } from "./kafka_subject.ts";

rightsContract("simulated Kafka", {
  async make(): Promise<ChangingKafka & AsyncDisposable> {
    const kafka = await simKafka();
    const { cluster, driver, clock, createTopicWith } = kafka;
    cluster.limitTransactions(60_000);
    return {
      driver,
      clock,
      createTopicWith,
      now: () => kafka.now(),
      deny: (right) => Promise.resolve(cluster.deny(right)),
      allow: (right) => Promise.resolve(cluster.allow(right)),
      configure: (topic, config) => Promise.resolve(cluster.configure(topic, config)),
      [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
    };
  },
});
