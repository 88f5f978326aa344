/** A real Kafka of its own whose rights and limits a person changes: one with an authorizer. */
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  ResourcePatternTypes,
} from "kafkajs";
import type { Admin } from "kafkajs";
import { systemClock } from "../../base/clock.ts";
import { KafkaJsDriver } from "../../connectors/kafka/kafkajs_driver.ts";
import type { ChangingKafka } from "../kafka_rights_contract.ts";
import type { Right } from "../sim/kafka/rights.ts";
import { type Broker, startBroker } from "./broker.ts";
import { clientOf, connectTo } from "./kafka_clients.ts";

/** Whoever is denied nothing may do everything; transactions take a minute at most. */
const PROPERTIES = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": "true",
  "transaction.max.timeout.ms": "60000",
};
const EVERYBODY = { principal: "User:*", host: "*" };
const OPERATIONS: Readonly<Record<Right["to"], AclOperationTypes>> = {
  "write": AclOperationTypes.WRITE,
  "read": AclOperationTypes.READ,
  "describe configs": AclOperationTypes.DESCRIBE_CONFIGS,
  "use groups": AclOperationTypes.ALL,
  "use transactional ids": AclOperationTypes.ALL,
};

/** The resource that a right is about. Rules on a resource allow nothing by themselves, so one of them allows everything else. */
function resourceOf(right: Right) {
  const [resourceType, resourceName] = "topic" in right
    ? [AclResourceTypes.TOPIC, right.topic]
    : [right.to === "use groups" ? AclResourceTypes.GROUP : AclResourceTypes.TRANSACTIONAL_ID, "*"];
  return { resourceType, resourceName, resourcePatternType: ResourcePatternTypes.LITERAL };
}

/** The Kafka. Disposing of it ends it. */
export class RealKafka implements ChangingKafka, AsyncDisposable {
  readonly clock = systemClock;
  readonly driver: KafkaJsDriver;

  private constructor(readonly broker: Broker) {
    this.driver = new KafkaJsDriver(broker.brokers, {});
  }

  /** Starts it. */
  static async start(): Promise<RealKafka> {
    return new RealKafka(await startBroker({ properties: PROPERTIES }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
  }

  now(): number {
    return Date.now();
  }

  async createTopicWith(topic: string): Promise<void> {
    const connection = await connectTo(this.broker.brokers);
    await connection.createTopic(topic, 1);
    await connection.close();
  }

  async deny(right: Right): Promise<void> {
    const resource = { ...resourceOf(right), ...EVERYBODY };
    const acl = [
      { ...resource, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
      { ...resource, operation: OPERATIONS[right.to], permissionType: AclPermissionTypes.DENY },
    ];
    await this.#administer((admin) => admin.createAcls({ acl }));
  }

  async allow(right: Right): Promise<void> {
    const filter = { ...resourceOf(right), ...EVERYBODY, permissionType: AclPermissionTypes.ANY };
    await this.#administer((admin) => admin.deleteAcls({ filters: [{ ...filter, operation: AclOperationTypes.ANY }] }));
  }

  async configure(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    await this.#administer((admin) => admin.alterConfigs({ validateOnly: false, resources }));
  }

  async #administer(act: (admin: Admin) => Promise<unknown>): Promise<void> {
    const admin = clientOf(this.broker.brokers).admin();
    await admin.connect();
    try {
      await act(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
