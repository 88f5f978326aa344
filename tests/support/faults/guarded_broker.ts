/** A broker where a job logs in as a user with limited rights. Another address gives all rights. */
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, type Admin, ResourcePatternTypes } from "kafkajs";
import type { KafkaOptions } from "../../../connectors/kafka/kafka.ts";
import type { Broker } from "../broker.ts";
import { freePort } from "../broker/ports.ts";
import { clientOf } from "../kafka_clients.ts";
import { ownCluster } from "./own_cluster.ts";

const USER = "job";
const PASSWORD = "secret";

/** What can be denied. */
export interface Denial {
  readonly resource: "TOPIC" | "GROUP" | "TRANSACTIONAL_ID";
  readonly name: string;
  readonly operation: "WRITE" | "READ" | "DESCRIBE_CONFIGS" | "ALL";
  readonly prefixed?: boolean;
}

export interface GuardedBroker extends AsyncDisposable {
  readonly broker: Broker;
  /** Addresses with all rights. */
  readonly direct: string[];
  /** How the job connects. */
  readonly options: KafkaOptions;
  administer<T>(act: (admin: Admin) => Promise<T>): Promise<T>;
  deny(denial: Denial): Promise<void>;
  allow(denial: Denial): Promise<void>;
}

/** Starts the broker. Everything is allowed at first. */
export async function guardedBroker(properties: Readonly<Record<string, string>> = {}): Promise<GuardedBroker> {
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
  await administer((admin) =>
    admin.createAcls({
      acl: (["TOPIC", "GROUP", "TRANSACTIONAL_ID"] as const).map((resource) =>
        rule({ resource, name: "*", operation: "ALL" }, AclPermissionTypes.ALLOW)
      ).concat({
        ...rule({ resource: "TOPIC", name: "kafka-cluster", operation: "ALL" }, AclPermissionTypes.ALLOW),
        resourceType: AclResourceTypes.CLUSTER,
      }),
    })
  );
  return {
    broker,
    direct: broker.brokers,
    options: {
      brokers: [`127.0.0.1:${client}`],
      client: { sasl: { mechanism: "plain", username: USER, password: PASSWORD } },
    },
    administer,
    deny: async (denial) =>
      void await administer((admin) => admin.createAcls({ acl: [rule(denial, AclPermissionTypes.DENY)] })),
    allow: async (denial) => {
      const { resourcePatternType, ...filter } = rule(denial, AclPermissionTypes.DENY);
      await administer((admin) => admin.deleteAcls({ filters: [{ ...filter, resourcePatternType }] }));
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

function rule({ resource, name, operation, prefixed = false }: Denial, permissionType: AclPermissionTypes) {
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
