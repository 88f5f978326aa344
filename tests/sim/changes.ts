/**
 * What people change while the job runs: rights, limits, topics. Each change ends again, and then all must come out as ever.
 *
 * @module
 */
import { openTransaction } from "./input.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import type { Right } from "./kafka/rights.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { INPUT } from "./traffic.ts";

/**
 * - `deny`: a right is taken away.
 * - `configure`: some of a topic's configuration is another one.
 * - `limit transactions`: the broker takes no longer timeout than this, in milliseconds.
 * - `quota`: what all producers may send, in bytes a second.
 * - `hold`: somebody else has a transaction open in a partition of the input.
 */
export type Change =
  | { readonly change: "deny"; readonly right: Right }
  | { readonly change: "configure"; readonly topic: string; readonly config: Readonly<Record<string, string>> }
  | { readonly change: "limit transactions"; readonly timeout: number }
  | { readonly change: "quota"; readonly bytes: number }
  | { readonly change: "hold"; readonly partition: number; readonly commit: boolean };

/** What changes work with. */
export interface ChangeParts {
  readonly kafka: KafkaWorld;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly trace: Trace;
}

/** For how long after its end a change may explain what a job says, in milliseconds: what was refused last is told later. */
const ECHO_MS = 15_000;

interface Active {
  readonly says: RegExp;
  until: number;
}

/** What is changed at this moment. */
export class Changes {
  readonly #active: Active[] = [];
  /** How many were made. */
  made = 0;

  constructor(readonly parts: ChangeParts) {}

  /** Makes a change for so long, in milliseconds. */
  async happen(change: Change, ms: number): Promise<void> {
    const { scheduler, trace } = this.parts;
    const active: Active = { says: saysOf(change), until: Infinity };
    this.#active.push(active);
    const undo = await this.#make(change);
    this.made++;
    await new Promise<void>((resolve) => void scheduler.after(ms, resolve));
    await undo();
    trace.add("world", `no longer: ${JSON.stringify(change)}`);
    active.until = scheduler.now + ECHO_MS;
  }

  /** Whether a job that ends with these words is right: it may be started again. */
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
      case "hold":
        return await openTransaction({ ...this.parts, ms: 0 }, { topic: INPUT, ...change });
    }
  }
}

/** What a job has to say of a change that meets it, as trouble or at its end. */
export function saysOf(change: Change): RegExp {
  switch (change.change) {
    case "deny":
      return "topic" in change.right
        ? new RegExp(`not allow.*${change.right.topic}|${change.right.topic}.*not allow`)
        : change.right.to === "use groups"
        ? /not allow.*group|group.*not allow/
        : /not allow.*transactional id|transactional id.*not allow/;
    case "configure":
      return new RegExp(change.topic);
    case "limit transactions":
      return /transaction.*timeout|timeout.*transaction/i;
    case "quota":
      return /quota|slow/;
    case "hold":
      return /open transaction/;
  }
}
