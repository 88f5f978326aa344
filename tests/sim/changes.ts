/**
 * Changes that people make while the job runs: rights, limits, topics. Each change ends again, and afterwards all
 * results must be there as ever.
 *
 * @module
 */
import type { InputRecord } from "../../connectors/connector.ts";
import type { Change } from "./faults.ts";
import { openTransaction } from "./input.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { INPUT } from "./traffic.ts";

/** What changes need. */
export interface ChangeParts {
  readonly kafka: KafkaWorld;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly trace: Trace;
}

/**
 * For how long after its end a change may explain a message of the job, in milliseconds: a refusal may be reported
 * late.
 */
const ECHO_MS = 15_000;

interface Active {
  readonly says: RegExp;
  until: number;
}

/** The changes of the present moment. */
export class Changes {
  readonly #active: Active[] = [];
  /** Whether a change does not end. The job may then report it until the end. */
  lasting = false;
  #guests = 0;
  /** What readers had seen of topics that were deleted. */
  readonly gone = new Map<string, readonly InputRecord[]>();
  /** How many changes were made. */
  made = 0;

  constructor(readonly parts: ChangeParts) {}

  /** Makes a change for this long, in milliseconds. */
  async happen(change: Change, ms: number): Promise<void> {
    const { scheduler, trace } = this.parts;
    const active: Active = { says: saysOf(change), until: Infinity };
    this.#active.push(active);
    const undo = await this.#make(change);
    this.made++;
    await new Promise<void>((resolve) => void scheduler.after(ms, resolve));
    await undo();
    trace.add("world", `no longer: ${JSON.stringify(change)}`);
    // A worker keeps the limits of a topic that it has read when it took its tasks.
    if (change.change !== "configure") active.until = scheduler.now + ECHO_MS;
  }

  /** Whether a change explains that a job ends with this message. The job may then be started again. */
  explains(message: string): boolean {
    return this.#active.some(({ says, until }) => until >= this.parts.scheduler.now && says.test(message));
  }

  async #make(change: Change): Promise<() => void | Promise<void>> {
    const { kafka } = this.parts;
    switch (change.change) {
      case "deny":
        kafka.deny(change.right);
        return () => kafka.allow(change.right);
      case "configure": {
        const before = kafka.configOf(change.topic);
        kafka.configure(change.topic, change.config);
        const old = Object.keys(change.config).map((name) => [name, before.get(name)!] as const);
        return () => kafka.configure(change.topic, Object.fromEntries(old));
      }
      case "limit transactions":
        kafka.limitTransactions(change.timeout);
        return () => kafka.limitTransactions(900_000);
      case "quota":
        kafka.setQuota(change.bytes);
        return () => kafka.setQuota(Infinity);
      case "remake": {
        const { topic, partitions } = change;
        const before = kafka.partitionsOf(topic);
        this.gone.set(topic, kafka.committedRecords(topic));
        kafka.deleteTopic(topic);
        kafka.createTopic(topic, partitions);
        return () => kafka.growTopic(topic, before);
      }
      case "grow":
        this.lasting = true;
        kafka.growTopic(INPUT, change.partitions);
        return () => {};
      case "hold":
        return await openTransaction({ ...this.parts, ms: 0 }, { topic: INPUT, ...change, guest: this.#guests++ });
    }
  }
}

/** What a job must say of a change that affects it, as trouble or at its end. */
export function saysOf(change: Change): RegExp {
  switch (change.change) {
    case "deny":
      return bothOf(DENIED, "topic" in change.right ? change.right.topic : change.right.to.slice("use ".length, -1));
    case "configure":
    case "remake":
      return new RegExp(change.topic);
    case "limit transactions":
      return /transaction.*timeout|timeout.*transaction/i;
    case "quota":
      return /quota|slow/;
    case "grow":
      return new RegExp(`${INPUT} has \\d+ partitions`);
    case "hold":
      return /open transaction/;
  }
}

const DENIED = "not allow|may not use";

/** Matches a line that contains both, in either order. */
function bothOf(one: string, other: string): RegExp {
  return new RegExp(`(${one}).*${other}|${other}.*(${one})`);
}
