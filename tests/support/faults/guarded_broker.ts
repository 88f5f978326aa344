/** A broker where a job logs in as a user with limited rights. Another address gives all rights. */
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, type Admin, ResourcePatternTypes } from "kafkajs";
import type { KafkaOptions } from "../../../connectors/kafka/kafka.ts";
import type { Broker } from "../broker.ts";
import { freePort } from "../broker/ports.ts";
import { clientOf } from "../kafka_clients.ts";
import { ownCluster } from "./own_cluster.ts";

const USER = "job";
const PASSWORD = "secret";

/** What can be denied or granted. */
export interface Right {
  readonly resource: "TOPIC" | "GROUP" | "TRANSACTIONAL_ID" | "CLUSTER";
  readonly name: string;
  readonly operation: Operation;
  readonly prefixed?: boolean;
}

/** An operation, as Kafka names it. */
export type Operation = "ALL" | "READ" | "WRITE" | "CREATE" | "DELETE" | "ALTER" | "DESCRIBE" | "DESCRIBE_CONFIGS";

/** All that there is. */
const EVERYTHING: readonly Right[] = [
  { resource: "TOPIC", name: "*", operation: "ALL" },
  { resource: "GROUP", name: "*", operation: "ALL" },
  { resource: "TRANSACTIONAL_ID", name: "*", operation: "ALL" },
  { resource: "CLUSTER", name: "kafka-cluster", operation: "ALL" },
];

export interface GuardedBroker extends AsyncDisposable {
  readonly broker: Broker;
  /** Addresses with all rights. */
  readonly direct: string[];
  /** How the job connects. */
  readonly options: KafkaOptions;
  administer<T>(act: (admin: Admin) => Promise<T>): Promise<T>;
  /** Denies what was granted. */
  deny(right: Right): Promise<void>;
  /** Takes a denial back. */
  allow(right: Right): Promise<void>;
  grant(rights: readonly Right[]): Promise<void>;
  revoke(right: Right): Promise<void>;
}

/** Starts the broker. Everything is granted at first, or the given rights. */
export async function guardedBroker(
  properties: Readonly<Record<string, string>> = {},
  rights: readonly Right[] = EVERYTHING,
): Promise<GuardedBroker> {
  const [port, client, controller] = [freePort(), freePort(), freePort()];
  const broker = await ownCluster({
    port,
    properties: {
      "controller.quorum.voters": `1@127.0.0.1:${controller}`,
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
      "listeners": `PLAINTEXT://127.0.0.1:${port},CLIENT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
      "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},CLIENT://127.0.0.1:${client}`,
      "listener.name.client.sasl.enabled.mechanisms": "PLAIN",
      "listener.name.client.plain.sasl.jaas.config":
        `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS",
      ...properties,
    },
  });
  const administer = async <T>(act: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = clientOf(broker.brokers).admin();
    await admin.connect();
    try {
      return await act(admin);
    } finally {
      await admin.disconnect();
    }
  };
  const { ALLOW, DENY } = AclPermissionTypes;
  const add = async (rights: readonly Right[], type: AclPermissionTypes) =>
    void await administer((admin) => admin.createAcls({ acl: rights.map((right) => rule(right, type)) }));
  const remove = async (right: Right, type: AclPermissionTypes) => {
    const { resourcePatternType, ...filter } = rule(right, type);
    await administer((admin) => admin.deleteAcls({ filters: [{ ...filter, resourcePatternType }] }));
  };
  if (rights.length > 0) await add(rights, ALLOW);
  return {
    broker,
    direct: broker.brokers,
    options: {
      brokers: [`127.0.0.1:${client}`],
      client: { sasl: { mechanism: "plain", username: USER, password: PASSWORD } },
    },
    administer,
    deny: (right) => add([right], DENY),
    allow: (right) => remove(right, DENY),
    grant: (rights) => add(rights, ALLOW),
    revoke: (right) => remove(right, ALLOW),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

function rule({ resource, name, operation, prefixed = false }: Right, permissionType: AclPermissionTypes) {
  return {
    resourceType: AclResourceTypes[resource],
    resourceName: name,
    resourcePatternType: prefixed ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal: `User:${USER}`,
    host: "*",
    operation: AclOperationTypes[operation],
    permissionType,
  };
}
