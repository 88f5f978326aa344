import { KafkaConnection } from "../../connectors/kafka/connection.ts";
import { connectorContract } from "../connector_contract.ts";
import { coordinatorContract } from "../kafka_coordinator_contract.ts";
import { driverContract } from "../kafka_driver_contract.ts";
import { groupContract } from "../kafka_group_contract.ts";
import { heldBackContract } from "../support/held_back.ts";
import { strangersContract } from "../kafka_strangers_contract.ts";
import { publishContract } from "../kafka_publish_contract.ts";
import { finishing } from "../support/finishing.ts";
import { NO_STORE } from "../support/no_store.ts";
import { simKafka } from "./kafka_subject.ts";

connectorContract("simulated Kafka", async () => {
  const kafka = await simKafka();
  return {
    store: NO_STORE,
    connect: async () => finishing(await KafkaConnection.open(kafka.driver, kafka.clock)),
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
});

const making = { make: () => simKafka() };
driverContract("Simulated Kafka", making);
coordinatorContract("Simulated Kafka", making);
groupContract("Simulated Kafka", making);
strangersContract("Simulated Kafka", making);
publishContract("Simulated Kafka", making);
heldBackContract("Simulated Kafka", making);
