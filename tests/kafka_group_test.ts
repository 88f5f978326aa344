import { ignore } from "./support/kafka.ts";
import { realKafka } from "./support/real_kafka.ts";
import { groupContract } from "./kafka_group_contract.ts";

groupContract("Kafka", { make: realKafka, ignore });
