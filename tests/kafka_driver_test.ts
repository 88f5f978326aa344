import { ignore } from "./support/kafka.ts";
import { realKafka } from "./support/real_kafka.ts";
import { coordinatorContract } from "./kafka_coordinator_contract.ts";
import { driverContract } from "./kafka_driver_contract.ts";

driverContract("Kafka", { make: realKafka, ignore });
coordinatorContract("Kafka", { make: realKafka, ignore });
