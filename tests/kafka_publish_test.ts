import { ignore } from "./support/kafka.ts";
import { kafkaContract } from "./support/kafka_subject.ts";
import { realKafka } from "./support/real_kafka.ts";
import { publishContract } from "./kafka_publish_contract.ts";

kafkaContract("Kafka", publishContract, { make: realKafka, ignore });
