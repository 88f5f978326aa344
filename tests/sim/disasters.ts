/**
 * What people and time do while the whole job stands still, and which refusals of the job are right afterwards.
 *
 * @module
 */
import type { Disaster } from "./faults.ts";
import type { Heads } from "./heads.ts";
import { isTopic, MARKERS } from "./heads.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import type { KvCopy, SimKv } from "./kv.ts";
import type { Ledger } from "./ledger.ts";
import { JOB } from "./pipelines.ts";
import type { Scenario } from "./scenario.ts";
import type { Trace } from "./trace.ts";
import { INPUT } from "./traffic.ts";

/** A refusal that is right. */
interface Excuse {
  readonly says: RegExp;
  /** Whether the job must refuse: to go on would be wrong. */
  readonly must: boolean;
}

/** What disasters need. */
export interface DisasterParts {
  readonly scenario: Scenario;
  readonly kafka: KafkaWorld;
  readonly kv: SimKv;
  readonly heads: Heads;
  readonly ledger: Ledger;
  readonly trace: Trace;
  readonly random: () => number;
}

export class Disasters {
  readonly #excuses: Excuse[] = [];
  #copy: KvCopy | undefined;

  constructor(readonly parts: DisasterParts) {}

  /** Whether a disaster explains that a job ends with this error. */
  excuses({ message }: Error): boolean {
    return this.#excuses.some(({ says }) => says.test(message));
  }

  /** What the job must say before it may go on. */
  get unsaid(): RegExp | undefined {
    return this.#excuses.find(({ must }) => must)?.says;
  }

  /** Makes a copy of the KV. */
  async copy(): Promise<void> {
    this.#copy = await this.parts.kv.copy();
  }

  /** Time removes what the job no longer needs: input before all heads, and markers that have not moved for days. */
  age(what: "input" | "markers"): void {
    const heads = [...this.parts.heads.tasks.values()].map(({ head }) => head);
    if (what === "input") return this.#trim((offset) => Math.floor(this.parts.random() * (offset + 1)));
    // A job with results to publish has published recently, so its markers are not old.
    if (heads.some((head) => head!.outbox.length > 0) || this.parts.kafka.openTransactions().length > 0) return;
    this.#expire(false);
  }

  async befall(what: Disaster): Promise<void> {
    const { heads, trace, kafka, scenario, ledger } = this.parts;
    if (what === "reset") return this.#reset();
    const known = [...heads.tasks.values()];
    if (what === "expired") return this.#expire(known.some(({ head }) => head!.outbox.length > 0));
    // A job that was just created, or is finished, has nothing to lose.
    const tasks = scenario.tasks === "single" ? 1 : scenario.partitions;
    if (known.length < tasks || known.some(({ head }) => head!.finished || head!.offsets[INPUT] === undefined)) return;
    trace.add("world", `what befalls the job: ${what}`);
    switch (what) {
      case "restored":
        return await this.#restore();
      case "trimmed":
        return this.#trim((offset, end) => this.#some(0.3) ? end : Math.min(end, offset + this.#near()));
      case "remade":
        ledger.close();
        kafka.deleteTopic(INPUT);
        kafka.createTopic(INPUT, scenario.partitions);
        return this.#mustSay(/was deleted and made anew/);
      case "grown":
        kafka.growTopic(INPUT, scenario.partitions + 1);
        // A table that is keyed like the events has its old number of partitions.
        return this.#mustSay(
          /had \d+ partitions when the job was made and has \d+ now|must have the same number of partitions|to bring its values to \d+ tasks/,
        );
    }
  }

  #some(share: number): boolean {
    return this.parts.random() < share;
  }

  /** A few offsets, mostly forward. */
  #near(): number {
    return Math.floor((this.parts.random() - 0.4) * 20);
  }

  /** Replaces the KV by its copy, which is older. */
  async #restore(): Promise<void> {
    const copy = this.#copy;
    if (copy?.some(({ key }) => key[2] === "entry") !== true) return;
    await this.parts.kv.restore(copy);
    this.parts.heads.restored(copy);
    // A task that has only read a hop since the copy has no marker that tells, but what it read is deleted.
    this.#excuses.push({ says: /the store is older|^Cannot read \S+\.repartition\/.* it was deleted/, must: false });
  }

  /** Resets the offsets of the job's group to the beginning, for every topic of the group. */
  #reset(): void {
    const { heads, kafka, trace } = this.parts;
    heads.shownIsAnybodys = true;
    for (const topic of [INPUT, MARKERS]) {
      if (!isTopic(kafka, topic)) continue;
      const offsets = kafka.groupOffsets(JOB, topic);
      if (offsets.size === 0) continue;
      trace.add("world", `the group's offsets of ${topic} are set to 0`);
      kafka.resetOffsets(JOB, topic, new Map([...offsets.keys()].map((partition) => [partition, 0])));
    }
  }

  /** The broker loses the markers. While results wait, it is then unknown which of them are visible. */
  #expire(must: boolean): void {
    const { heads, kafka, trace } = this.parts;
    trace.add("world", `the markers expire${must ? ", and with them what nobody else knows" : ""}`);
    for (const group of [JOB, heads.markerGroup]) {
      if (kafka.groupMembers(group).length === 0) kafka.expireOffsets(group);
    }
    heads.forgotten();
    this.#excuses.push({ says: /its marker on the broker is gone/, must });
  }

  /**
   * Retention removes the records before an offset, which is chosen from the offset in the head and the end of the log.
   */
  #trim(choose: (offset: number, end: number) => number): void {
    const { heads, kafka, ledger, trace, scenario } = this.parts;
    ledger.note();
    const bounds = kafka.bounds(INPUT);
    for (const { head } of heads.tasks.values()) {
      for (const [number, offset] of Object.entries(head?.offsets[INPUT] ?? {})) {
        const partition = Number(number);
        const before = choose(offset, bounds[partition].stable);
        if (before <= bounds[partition].earliest) continue;
        kafka.deleteRecords(INPUT, partition, before);
        trace.add("world", `records of partition ${partition} before ${before} are gone, its head is at ${offset}`);
        if (before <= offset) continue;
        if (scenario.onMissing === "stop") {
          this.#mustSay(/^Cannot read events\/\d+@\d+, where the job's checkpoint goes on/);
        } else ledger.strike(partition, offset, before);
      }
    }
  }

  #mustSay(says: RegExp): void {
    this.#excuses.push({ says, must: true });
  }
}
