/** The contract of rights and limits on a real Kafka of its own: one with an authorizer. */
import { rightsContract } from "./kafka_rights_contract.ts";
import { findBroker } from "./support/broker.ts";
import { RealKafka } from "./support/changing_kafka.ts";

const { kind } = await findBroker({ own: true });

rightsContract("Kafka", { make: () => RealKafka.start(), ignore: kind === "none" });
