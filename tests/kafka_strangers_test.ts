import { ignore } from "./support/kafka.ts";
import { realKafka } from "./support/real_kafka.ts";
import { strangersContract } from "./kafka_strangers_contract.ts";

strangersContract("Kafka", { make: realKafka, ignore });
