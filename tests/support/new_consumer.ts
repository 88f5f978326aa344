/**
 * A consumer of Kafka's newer group protocol (KIP-848), like a program with `group.protocol=consumer` that subscribes
 * to a topic. It reads no records; it is only a member of the group.
 */
import type { TimerClock } from "../../base/clock.ts";
import { pause } from "../../base/backoff.ts";
import { brokerError, isPassing } from "../../connectors/kafka/errors.ts";
import { readCompactArray } from "../../connectors/kafka/requests/arrays.ts";
import { findCoordinator } from "../../connectors/kafka/requests/find_coordinator.ts";
import type { Request, Transport } from "../../connectors/kafka/transport.ts";

const LEAVES = -1;
const JOINS = 0;

interface Beat {
  readonly member: string;
  readonly epoch: number;
  /** Its assignment if that has changed: topic ids with partitions. */
  readonly assigned: readonly Assigned[] | undefined;
}

interface Assigned {
  readonly id: Uint8Array;
  readonly partitions: readonly number[];
}

function heartbeat(
  { group, member, epoch, topic, owned }: {
    readonly group: string;
    readonly member: string;
    readonly epoch: number;
    readonly topic: string;
    readonly owned: readonly Assigned[];
  },
): Request<Beat> {
  return {
    api: 68,
    name: "ConsumerGroupHeartbeat",
    version: 0,
    flexible: true,
    write(body) {
      // No instance id and no rack.
      body.compactString(group).compactString(member).int32(epoch).unsignedVarint(0).unsignedVarint(0).int32(30_000);
      body.unsignedVarint(2).compactString(topic);
      // The server's default assignor.
      body.unsignedVarint(0).unsignedVarint(owned.length + 1);
      for (const { id, partitions } of owned) {
        body.raw(id).unsignedVarint(partitions.length + 1);
        for (const partition of partitions) body.int32(partition);
        body.unsignedVarint(0);
      }
      body.unsignedVarint(0);
    },
    read(answer) {
      answer.readThrottle();
      const error = answer.int16();
      const said = answer.compactString();
      if (error !== 0) throw brokerError(error, "a sign of life in the newer protocol", said);
      const given = answer.compactString();
      const now = answer.int32();
      answer.int32();
      const assigned = answer.int8() < 0 ? undefined : readCompactArray(answer, () => {
        const one = { id: answer.take(16).slice(), partitions: readCompactArray(answer, () => answer.int32()) };
        answer.skipTags();
        return one;
      });
      return { member: given, epoch: now, assigned };
    },
  };
}

/** Stays a member until it leaves. */
export class NewConsumer {
  readonly #transport: Transport;
  readonly #clock: TimerClock;
  readonly #group: string;
  readonly #topic: string;
  readonly #left = new AbortController();
  #member = "";
  #epoch = JOINS;
  #owned: readonly Assigned[] = [];
  #beating: Promise<void> = Promise.resolve();

  private constructor(
    transport: Transport,
    { clock, group, topic }: { readonly clock: TimerClock; readonly group: string; readonly topic: string },
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#group = group;
    this.#topic = topic;
  }

  static async join(
    transport: Transport,
    options: { readonly clock: TimerClock; readonly group: string; readonly topic: string },
  ): Promise<NewConsumer> {
    const consumer = new NewConsumer(transport, options);
    await consumer.#beat().catch(async (error) => {
      await transport.close();
      throw error;
    });
    consumer.#beating = consumer.#live();
    return consumer;
  }

  async leave(): Promise<void> {
    this.#left.abort();
    await this.#beating;
    this.#epoch = LEAVES;
    await this.#beat();
    await this.#transport.close();
  }

  async #live(): Promise<void> {
    while (!this.#left.signal.aborted) {
      await pause(this.#clock, 100, this.#left.signal);
      if (!this.#left.signal.aborted) await this.#beat();
    }
  }

  async #beat(): Promise<void> {
    for (;;) {
      try {
        const coordinator = await this.#transport.send(undefined, findCoordinator("group", this.#group));
        const request = heartbeat({
          ...{ group: this.#group, member: this.#member, epoch: this.#epoch, topic: this.#topic },
          owned: this.#owned,
        });
        const { member, epoch, assigned } = await this.#transport.send(coordinator, request);
        this.#member = member;
        if (this.#epoch !== LEAVES) this.#epoch = epoch;
        this.#owned = assigned ?? this.#owned;
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        await pause(this.#clock, 20);
      }
    }
  }
}
