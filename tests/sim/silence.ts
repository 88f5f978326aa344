/**
 * Standing still silently is a failure. When records wait to be processed or published and nothing moves, a responsible
 * process must have logged what it waits for.
 *
 * Responsible for a task is its owner while that one lives, else everybody who lives. Who is paused can say nothing, and has its
 * time anew when it goes on. A task can be given to nobody, or may have been given to a dead member, while the group
 * still takes its dead or paused members for alive. A head does not tell that its owner has given the task to another
 * process which has not claimed it yet, so what any process has logged counts.
 *
 * @module
 */
import { hopTopicsOf } from "./families/all.ts";
import type { Heads } from "./heads.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import { JOB } from "./pipelines.ts";
import type { Scenario } from "./scenario.ts";
import { INPUT } from "./traffic.ts";

/** How long a process may wait before it must log that, in virtual milliseconds. */
export const SILENT_MS = 15_000;

/** What is known of a process from outside. */
export interface Voice {
  readonly name: string;
  /** Since when it has been running without a break, in virtual milliseconds; `undefined` when it is dead or paused. */
  readonly awakeSince: number | undefined;
  /** Whether it has logged that it waits for something, and not yet that the wait is over. */
  readonly troubled: boolean;
}

/** Whether a line says that the process waits, or that its wait is over; `undefined` for every other line. */
export function saysTrouble(line: string): boolean | undefined {
  if (/\b(still )?waiting\b.*\bbecause\b/.test(line)) return true;
  if (/all is well again|answers again$/.test(line)) return false;
  return undefined;
}

/** How long a quota may hold results back without another word, in virtual milliseconds: it is told that rarely. */
export const QUOTA_TOLD_MS = 60_000;

/** Whether a line says that a quota holds results back. */
export function saysQuota(line: string): boolean {
  return /holds back what is written.*quota/.test(line);
}

/** What the check needs. */
export interface SilenceParts {
  readonly scenario: Scenario;
  readonly heads: Heads;
  readonly kafka: KafkaWorld;
  readonly now: () => number;
  readonly voices: () => readonly Voice[];
}

interface Place {
  /** Values that change when work is done. */
  signature: string;
  since: number;
}

export class Silence {
  /** The longest time for which a process stood still silently, in virtual milliseconds. */
  longest = 0;
  readonly #places = new Map<number, Place>();

  constructor(readonly parts: SilenceParts) {}

  /** Checks once. Returns what is wrong. */
  look(): string | undefined {
    const { scenario, now, voices } = this.parts;
    const tasks = scenario.tasks === "single" ? 1 : scenario.partitions;
    const awake = voices().filter(({ awakeSince }) => awakeSince !== undefined);
    const awaited = this.parts.kafka.groupMembers(JOB).length > awake.length;
    for (let task = 0; task < tasks; task++) {
      const { waits, signature, owner } = this.#task(task);
      const place = this.#places.get(task);
      const own = awake.filter(({ name }) => name === owner);
      const responsible = own.length > 0 ? own : awake;
      const excused = !waits || responsible.length === 0 || awaited ||
        awake.some(({ troubled }) => troubled);
      if (place === undefined || excused || place.signature !== signature) {
        this.#places.set(task, { signature, since: now() });
        continue;
      }
      const since = Math.max(place.since, Math.min(...responsible.map(({ awakeSince }) => awakeSince!)));
      this.longest = Math.max(this.longest, now() - since);
      if (now() - since <= SILENT_MS) continue;
      const names = responsible.map(({ name }) => name).join(" and ");
      return `task ${task} has stood still for ${SILENT_MS} ms, and ${names} said nothing of it: ${waits} (${signature})`;
    }
    return undefined;
  }

  /** What a task waits for, if anything, and how far it is. */
  #task(number: number): { waits: string | undefined; signature: string; owner: string | undefined } {
    const { heads, kafka, scenario } = this.parts;
    const watched = heads.tasks.get(number);
    if (watched?.head === undefined) return { waits: "it has no head", signature: "none", owner: undefined };
    const { head, owner } = watched;
    const signature = JSON.stringify([head.epoch, head.offsets, head.outbox.length, heads.markers().get(number)]);
    const told = (waits: string | undefined) => ({ waits, signature, owner });
    if (head.outbox.length > 0) return told(`${head.outbox.length} epochs are not published`);
    if (head.finished) return told(undefined);
    for (const [partition, { latest }] of kafka.bounds(INPUT).entries()) {
      if (partition >= scenario.partitions || !(scenario.tasks === "single" || partition === number)) continue;
      const offset = head.offsets[INPUT]?.[partition] ?? 0;
      if (offset < latest) return told(`partition ${partition} ends at ${latest} and is read up to ${offset}`);
    }
    // Behind a hop a task ends after all others, some of which may be dead.
    const ends = scenario.untilEnd && hopTopicsOf(scenario, JOB).length === 0;
    return told(ends ? "its input has ended, and it has not finished" : undefined);
  }
}
