import { ignore } from "./support/kafka.ts";
import { realKafka } from "./support/real_kafka.ts";
import { publishContract } from "./kafka_publish_contract.ts";

publishContract("Kafka", { make: realKafka, ignore });
