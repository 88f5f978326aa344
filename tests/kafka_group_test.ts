import { ignore } from "./support/kafka.ts";
import { kafkaContract } from "./support/kafka_subject.ts";
import { realKafka } from "./support/real_kafka.ts";
import { groupContract } from "./kafka_group_contract.ts";

kafkaContract("Kafka", groupContract, { make: realKafka, ignore });
