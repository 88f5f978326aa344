/**
 * Which rights of a job a user has. A broker tells nobody what is allowed, only what is refused. So each right is tried by a
 * request that needs it and has no effect: it names a position at the end, a member or a producer that there is not.
 *
 * @module
 */
import type { Line } from "./driver.ts";
import { markerTopic } from "./delivery.ts";
import { CODE, hasCode, type KafkaError } from "./errors.ts";

/** What a job reads and writes. */
export interface JobTopics {
  /** The job's name. */
  readonly job: string;
  /** Its inputs, without its hops. */
  readonly inputs: readonly string[];
  /** Its outputs, without its hops. */
  readonly outputs: readonly string[];
  /** The topics of its hops, which it reads and writes. */
  readonly hops: readonly string[];
}

/** A right, and whether the user has it. */
export interface RightFound {
  readonly resource: "topic" | "group" | "transactional id";
  readonly name: string;
  /** Whether the right is about all names that begin with this one. */
  readonly prefixed: boolean;
  readonly operation: "READ" | "WRITE";
  /** `undefined` where it cannot be told: the topic is not there, or the transactional id is refused before. */
  readonly allowed: boolean | undefined;
}

/** How a request is sent again while the failure is one that passes. */
export type Asking = <T>(wanted: string, ask: () => Promise<T>) => Promise<T>;

/** No transactional id has this producer, so no transaction is changed. */
const NO_PRODUCER = { producer: -1, epoch: -1 };
const ONE_BATCH = { wait: 0, partitionBytes: 1, bytes: 1 };

/**
 * Looks for all rights that a job needs: those of the table in docs/security.md, without CREATE, which only a first start
 * needs, and without those that are optional.
 */
export async function rightsOf(line: Line, ask: Asking, { job, ...topics }: JobTopics): Promise<readonly RightFound[]> {
  const found: RightFound[] = [];
  const rights = new Rights(line, ask, `${job}.doctor`);
  for (const name of [...topics.inputs, ...topics.hops, markerTopic(job)]) {
    found.push({
      ...{ resource: "topic", name, prefixed: false, operation: "READ" },
      allowed: await rights.mayRead(name),
    });
  }
  for (const [name, prefixed] of [[job, false], [`${job}.`, true]] as const) {
    const group = prefixed ? `${name}doctor` : name;
    found.push({
      ...{ resource: "group", name, prefixed, operation: "READ" },
      allowed: await rights.mayUseGroup(group),
    });
  }
  let allowed: boolean | undefined;
  for (const name of [...topics.outputs, ...topics.hops]) {
    const may = await rights.mayWrite(name);
    allowed ??= may.id;
    found.push({ resource: "topic", name, prefixed: false, operation: "WRITE", allowed: may.topic });
  }
  found.push({ resource: "transactional id", name: `${job}.`, prefixed: true, operation: "WRITE", allowed });
  return found;
}

class Rights {
  constructor(readonly line: Line, readonly ask: Asking, readonly id: string) {}

  async mayRead(topic: string): Promise<boolean | undefined> {
    const refusal = await this.#refusal(`look at the topic "${topic}"`, async () => {
      const places = await this.line.places(topic);
      const led = places?.find(({ leader }) => leader !== undefined);
      if (led === undefined) return undefined;
      const [offset] = await this.line.listOffsets(topic, [led], -1);
      const [{ error }] = await this.line.fetch(
        led.leader!,
        [{ topic, partition: led.partition, offset: Math.max(0, offset) }],
        ONE_BATCH,
      );
      return error;
    });
    return refusal === undefined ? undefined : refusal !== CODE.topicAuthorizationFailed;
  }

  async mayUseGroup(group: string): Promise<boolean> {
    const refusal = await this.#refusal(`look at the consumer group "${group}"`, async () => {
      await this.line.heartbeat({ group, member: this.id, generation: -1 });
      return 0;
    });
    return refusal !== CODE.groupAuthorizationFailed;
  }

  /** Brokers look at the transactional id first, then at the topic, then at the producer. */
  async mayWrite(topic: string): Promise<{ readonly id: boolean; readonly topic: boolean | undefined }> {
    const refusal = await this.#refusal(`look at the topic "${topic}"`, async () => {
      await this.line.addPartitions({ transactionalId: this.id, ...NO_PRODUCER }, [{ topic, partitions: [0] }]);
      return 0;
    });
    const id = refusal !== CODE.transactionalIdAuthorizationFailed;
    const isThere = refusal !== CODE.unknownTopicOrPartition;
    return { id, topic: id && isThere ? refusal !== CODE.topicAuthorizationFailed : undefined };
  }

  /** The code with which a broker refuses a request; 0 for none. */
  #refusal(wanted: string, send: () => Promise<number | undefined>): Promise<number | undefined> {
    return this.ask(wanted, async () => {
      try {
        return await send();
      } catch (error) {
        if (SAID.some((code) => hasCode(error, code))) return (error as KafkaError).code;
        throw error;
      }
    });
  }
}

/** Answers of brokers that say whether the right is there. All others are failures. */
const SAID: readonly number[] = [
  ...[CODE.topicAuthorizationFailed, CODE.groupAuthorizationFailed, CODE.transactionalIdAuthorizationFailed],
  ...[CODE.unknownTopicOrPartition, CODE.unknownMember, CODE.illegalGeneration, CODE.groupIdNotFound],
  ...[CODE.invalidProducerIdMapping, CODE.invalidProducerEpoch, CODE.producerFenced, CODE.rebalanceInProgress],
];
