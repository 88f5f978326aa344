/**
 * The doctor looks at a Kafka cluster: its brokers, and the settings of topics that matter to a job.
 *
 * @module
 */
import type { BrokerInfo, KafkaTopics, RightFound } from "../connectors/kafka/topics.ts";
import { countOf, shownDuration, shownSize } from "../runtime/details_words.ts";
import type { Finding } from "./finding.ts";
import { clean } from "./text.ts";

const FETCH = 1;
const OFFSET_FETCH = 9;
/** The first version of OffsetFetch that can wait for open transactions: Apache Kafka 2.5. */
const STABLE = 7;
const HOUR = 3_600_000;

/** The oldest release of Apache Kafka that has a version of Fetch. */
const RELEASES: readonly (readonly [version: number, release: string])[] = [
  [18, "4.1"],
  [17, "3.9"],
  [16, "3.7"],
  [15, "3.5"],
  [13, "3.1"],
  [12, "2.7"],
  [11, "2.3"],
];

/** Each broker: whether it answers, and is new enough. */
export async function brokersOf(kafka: KafkaTopics): Promise<Finding[]> {
  return (await kafka.brokers()).map(brokerOf);
}

function brokerOf({ id, address, apis, trouble }: BrokerInfo): Finding {
  const check = `broker ${id}, ${clean(address)}`;
  if (apis === undefined) {
    const fix = "Make its advertised address reachable from here (advertised.listeners)";
    return { check, result: "fail", found: trouble ?? "does not answer", fix };
  }
  const release = RELEASES.find(([version]) => (apis.get(FETCH)?.maxVersion ?? 0) >= version)?.[1];
  const found = release === undefined ? "older than Apache Kafka 2.3" : `as Apache Kafka ${release} or later`;
  if ((apis.get(OFFSET_FETCH)?.maxVersion ?? 0) >= STABLE) return { check, result: "ok", found };
  return { check, result: "fail", found, fix: "Jobs need Apache Kafka 2.5 or later" };
}

/** The rights that a job needs: a finding for each that the user of this command lacks, or one for all of them. */
export function rightsFound(job: string, rights: readonly RightFound[]): Finding[] {
  const check = `rights of ${job}`;
  const missing = rights.filter(({ allowed }) => allowed === false);
  const known = rights.filter(({ allowed }) => allowed !== undefined);
  if (missing.length === 0) return [{ check, result: "ok", found: `${countOf(known.length, "right")} of this user` }];
  return missing.map(({ resource, name, prefixed, operation }) => ({
    ...{ check, result: "fail" },
    found: `${operation} on the ${resource} ${clean(name)}${prefixed ? " and what begins so" : ""} is missing`,
    fix: grantOf(operation, `${resource.replace(" ", "-")} ${clean(name)}`, prefixed),
  }));
}

const OPERATIONS = { READ: "Read", WRITE: "Write", DESCRIBE_CONFIGS: "DescribeConfigs" } as const;

function grantOf(operation: keyof typeof OPERATIONS, resource: string, prefixed = false): string {
  return `Grant it: kafka-acls.sh --add --allow-principal User:NAME --operation ${OPERATIONS[operation]} --${resource}${
    prefixed ? " --resource-pattern-type prefixed" : ""
  }`;
}

/** The settings of a topic. */
export async function settingsOf(kafka: KafkaTopics, topic: string, isInput: boolean): Promise<Finding[]> {
  const settings = await kafka.settings(topic);
  const check = `settings of ${clean(topic)}`;
  if (settings === undefined) {
    // A job runs without this right, and learns of the topic's limits when it meets them.
    const found = `DESCRIBE_CONFIGS on the topic ${clean(topic)} is missing, so its limits are not known`;
    return [{ check, result: "warn", found, fix: grantOf("DESCRIBE_CONFIGS", `topic ${clean(topic)}`) }];
  }
  const wrong = isInput ? inputSettings(settings) : outputSettings(settings);
  if (settings.get("unclean.leader.election.enable") === "true") {
    wrong.push({
      found: "unclean.leader.election.enable=true: committed records may be lost",
      fix: "Set it to false",
    });
  }
  if (wrong.length > 0) return wrong.map((one) => ({ check, result: "warn", ...one }));
  const policy = settings.get("cleanup.policy") ?? "unknown";
  const largest = Number(settings.get("max.message.bytes") ?? NaN);
  const size = Number.isNaN(largest) ? "" : `, batches up to ${shownSize(largest)}`;
  return [{ check, result: "ok", found: `cleanup.policy=${policy}${size}` }];
}

function inputSettings(settings: ReadonlyMap<string, string>): { found: string; fix: string }[] {
  const wrong: { found: string; fix: string }[] = [];
  const retention = Number(settings.get("retention.ms") ?? -1);
  if (retention >= 0 && retention < HOUR && (settings.get("cleanup.policy") ?? "delete").includes("delete")) {
    wrong.push({
      found: `retention.ms=${retention}: a job that stands still for ${shownDuration(retention)} loses records`,
      fix: "Keep records for as long as a job may stand still",
    });
  }
  return wrong;
}

function outputSettings(settings: ReadonlyMap<string, string>): { found: string; fix: string }[] {
  const before = Number(settings.get("message.timestamp.before.max.ms") ?? Infinity);
  if (settings.get("message.timestamp.type") === "LogAppendTime" || !(before < 24 * HOUR)) return [];
  return [{
    found: `message.timestamp.before.max.ms=${before}: results of events that are older are refused`,
    fix: "Raise it, or reprocess nothing older",
  }];
}
