import { ignore } from "./support/kafka.ts";
import { kafkaContract } from "./support/kafka_subject.ts";
import { realKafka } from "./support/real_kafka.ts";
import { driverContract } from "./kafka_driver_contract.ts";

kafkaContract("Kafka", driverContract, { make: realKafka, ignore });
