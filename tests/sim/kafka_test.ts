import { kafkaContract } from "../support/kafka_subject.ts";
import { groupContract } from "../kafka_group_contract.ts";
import { publishContract } from "../kafka_publish_contract.ts";
import { simKafka } from "./kafka_subject.ts";

for (const contract of [publishContract, groupContract]) {
  kafkaContract("simulated Kafka", contract, { make: simKafka });
}
