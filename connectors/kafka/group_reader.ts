/**
 * A reader in a job's consumer group. The group agrees on the assignment; the offsets come from the job's checkpoint.
 *
 * The engine's takeover relies on this order: a generation is joined; partitions that were kept are read on only after
 * `assigned` has resolved; when the generation ends, fetching stops first, then `revoking` is awaited (heartbeats
 * continue meanwhile), and only then the next generation is joined.
 *
 * A worker that was killed is still a member. Its successor joins under the same member id. So the group does not wait
 * for the dead member's session to end, and no other worker loses its tasks.
 *
 * @module
 */

import type { Reader, ReaderHandler, ReaderOptions, StartOffset } from "../connector.ts";
import {
  type Assignment,
  assignTasks,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  partitionsOf,
  PROTOCOL,
  refuseStrangers,
  type Subscription,
  taskNumbers,
  wholeTasks,
} from "./assignment.ts";
import type { TimerClock } from "../../base/clock.ts";
import type { Joined, Line, Membership } from "./driver.ts";
import { CODE, explain, hasCode, isDisconnected, isPassing, KafkaError } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { describeMember, GroupWatch } from "./group_watch.ts";
import { Heartbeats } from "./heartbeats.ts";
import { NOTE, REBALANCE_TIMEOUT, RETRY_PAUSE, SESSION_TIMEOUT } from "./limits.ts";
import { Backoff } from "../../base/backoff.ts";
import { Trouble } from "./trouble.ts";

const GENERATION_OVER = [CODE.rebalanceInProgress, CODE.illegalGeneration, CODE.unknownMember];

/** The lines of a reader. A join that the broker delays must not delay a fetch, or leaving the group. */
export interface ReaderLines {
  readonly group: Line;
  readonly fetch: Line;
  /** The connection's own line, which outlives the reader. */
  readonly shared: Line;
  readonly brokers: string;
  readonly clock: TimerClock;
}

/** A reader that is a member of a group. */
export class GroupReader implements Reader {
  readonly #lines: ReaderLines;
  readonly #options: ReaderOptions;
  readonly #handler: ReaderHandler;
  readonly #fetcher: Fetcher;
  readonly #trouble: Trouble;
  readonly #watch: GroupWatch;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #member: string;
  #remembered: string | undefined;
  #owned: readonly number[] = [];
  #ownedSince = -1;
  #membership: Membership | undefined;

  constructor(lines: ReaderLines, options: ReaderOptions, handler: ReaderHandler) {
    this.#lines = lines;
    this.#options = options;
    this.#handler = handler;
    this.#member = rememberedMember(options.remembered);
    this.#remembered = this.#member;
    this.#trouble = new Trouble((part, error) => this.#stop.signal.aborted || handler.trouble(part, error));
    this.#fetcher = new Fetcher(lines.fetch, {
      brokers: lines.brokers,
      clock: lines.clock,
      trouble: this.#trouble,
      observer: {
        batch: (batch) => handler.batch(batch),
        missing: (topic, partition, wanted, bounds) => handler.missing(topic, partition, wanted, bounds),
        failed: (error) => this.#fail(error),
      },
    });
    const { clock } = lines;
    this.#watch = new GroupWatch(lines.group, { options, trouble: this.#trouble, clock });
    this.#done = this.#run();
  }

  pause(topic: string, partition: number): void {
    this.#fetcher.pause(topic, partition);
  }

  resume(topic: string, partition: number): void {
    this.#fetcher.resume(topic, partition);
  }

  seek({ topic, partition, offset }: StartOffset): void {
    this.#fetcher.seek(topic, partition, offset);
  }

  async show(offsets: readonly StartOffset[]): Promise<void> {
    const membership = this.#membership;
    if (membership === undefined || offsets.length === 0) return;
    try {
      await this.#lines.group.commitOffsets(membership, offsets, NOTE);
    } catch {
      // Shown offsets are only for display. The head decides, and the next offsets are shown a second later.
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#fetcher.halt();
    await this.#lines.group.close();
    await this.#done;
    await this.#lines.fetch.close();
    if (this.#member === "") return;
    try {
      await this.#lines.shared.leave(this.#options.group, this.#member);
    } catch {
      // The group removes the member when its session ends, and a successor takes over its member id.
    }
  }

  #fail(error: Error): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    this.#handler.failed(error);
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(RETRY_PAUSE, this.#lines.clock);
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#lines.group.connect();
        const { membership, assignment } = await this.#trouble.whileWaiting("group", this.#join(), {
          clock: this.#lines.clock,
          worded: () => this.#waitsForOthers(),
        });
        backoff.reset();
        this.#trouble.works("group");
        if (assignment.refused !== undefined) {
          this.#fail(new Error(`Cannot run job ${this.#options.group}: ${assignment.refused}`));
          break;
        }
        await this.#live(membership, assignment);
      } catch (error) {
        if (signal.aborted) break;
        if (hasCode(error, CODE.unknownMember)) this.#member = "";
        if (GENERATION_OVER.some((code) => hasCode(error, code))) continue;
        if (!isPassing(error)) {
          this.#fail(await this.#explainForGood(error));
          break;
        }
        this.#trouble.failed("group", error, this.#explain(error));
        if (isDisconnected(error)) this.#lines.group.renew();
        await backoff.wait(signal);
      }
    }
    await this.#fetcher.halt();
  }

  #waitsForOthers(): Error {
    return new Error(
      `The consumer group "${this.#options.group}" is sharing out the tasks anew, and waits for workers that are dead, stand still or ` +
        `still publish: a dead one for ${SESSION_TIMEOUT / 1000} s, others for at most ${REBALANCE_TIMEOUT / 1000} s`,
    );
  }

  async #explainForGood(error: unknown): Promise<Error> {
    if (!hasCode(error, CODE.inconsistentProtocol)) return this.#explain(error);
    const { group } = this.#options;
    const members = await this.#lines.group.members(group).catch(() => []);
    const who = members.length === 0 ? "" : ` (${members.map(describeMember).join("; ")})`;
    return new Error(
      `Cannot join the consumer group "${group}": it has members that are no workers of this job${who}; ` +
        `end them, or give the job another name`,
    );
  }

  #explain(error: unknown): Error {
    const { group } = this.#options;
    return explain(error, `join the consumer group "${group}"`, this.#lines.brokers);
  }

  async #join(): Promise<{ membership: Membership; assignment: Assignment }> {
    const { group } = this.#options;
    const joined = await this.#lines.group.join({
      group,
      member: this.#member,
      protocol: PROTOCOL,
      subscription: encodeSubscription(this.#subscription),
      sessionTimeout: SESSION_TIMEOUT,
      rebalanceTimeout: REBALANCE_TIMEOUT,
    });
    this.#member = joined.member;
    const membership = { group, member: joined.member, generation: joined.generation };
    const assignments = joined.members ? this.#assign(joined.members) : [];
    const assignment = decodeAssignment(await this.#lines.group.sync(membership, assignments));
    await this.#rememberMember();
    return { membership, assignment };
  }

  async #rememberMember(): Promise<void> {
    if (this.#remembered === this.#member) return;
    try {
      await this.#options.remember(JSON.stringify({ member: this.#member }));
      this.#remembered = this.#member;
    } catch {
      // Without the remembered id a successor only has to wait until this member's session has ended.
    }
  }

  get #subscription(): Subscription {
    const { topics, layout: { kind: tasks }, incarnation } = this.#options;
    return { topics, tasks, incarnation, owned: this.#owned, generation: this.#ownedSince };
  }

  /** Assigns the tasks, for the whole group. */
  #assign(joined: NonNullable<Joined["members"]>): { member: string; assignment: Uint8Array }[] {
    const { layout } = this.#options;
    const members = joined.map(({ member, subscription }) => ({
      member,
      subscription: decodeSubscription(subscription),
    }));
    const refused = refuseStrangers(members, this.#subscription);
    const admitted = members.filter(({ member }) => !refused.has(member));
    const shares = assignTasks(admitted, layout.tasks.length);
    return members.map(({ member }) => {
      const assignment = partitionsOf(shares.get(member) ?? [], layout);
      return { member, assignment: encodeAssignment(assignment, refused.get(member)) };
    });
  }

  /** Runs one generation, from its assignment to its end. */
  async #live(membership: Membership, { topics, ours }: Assignment): Promise<void> {
    const { signal } = this.#stop;
    const beats = new Heartbeats(this.#lines.group, membership, {
      trouble: this.#trouble,
      explain: (error) => this.#explain(error),
      clock: this.#lines.clock,
    });
    const over = new AbortController();
    const watching = this.#watch.run(ours, AbortSignal.any([signal, over.signal]));
    try {
      const { layout } = this.#options;
      const owned = taskNumbers(ours ? topics : wholeTasks(topics, layout), layout);
      // The layout of the worker that assigned may lack partitions that every task reads and that came later.
      const assignment = partitionsOf(owned, layout);
      this.#membership = membership;
      const starts = await this.#handler.assigned(owned, () => beats.alive());
      if (signal.aborted) return;
      // Set only now: when the generation ends earlier, the handler still has the tasks that it had.
      this.#owned = owned;
      this.#ownedSince = membership.generation;
      this.#fetcher.keep(assignment, owned.length > 0 ? layout.broadcast : undefined);
      this.#addAll(assignment, starts);
      this.#fetcher.run();
      await beats.over(signal);
      if (signal.aborted) return;
      await this.#fetcher.halt();
      if (signal.aborted) return;
      await this.#handler.revoking();
    } catch (error) {
      // An error that the handler itself throws ends the reader. A refused heartbeat does not.
      if (!(error instanceof KafkaError)) this.#fail(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      over.abort();
      await beats.end();
      await watching;
      this.#membership = undefined;
    }
  }

  /**
   * Adds the assigned partitions to the fetcher. A partition without a start offset is not read. One that every task reads
   * may be read already; a new task may need it from a lower offset on, or know a partition that came later.
   */
  #addAll(assignment: ReadonlyMap<string, readonly number[]>, starts: readonly StartOffset[]): void {
    for (const { topic, partition, offset } of starts) {
      const shared = this.#options.layout.broadcast.has(topic);
      if (!shared && !assignment.get(topic)?.includes(partition)) continue;
      if (!this.#fetcher.has(topic, partition)) this.#fetcher.add(topic, partition, offset);
      else if (shared) this.#fetcher.seek(topic, partition, offset);
    }
  }
}

/** The member id that the predecessor left, or an empty string: the group then assigns a new one. */
function rememberedMember(text: string | undefined): string {
  if (text === undefined) return "";
  try {
    const { member } = JSON.parse(text);
    return typeof member === "string" ? member : "";
  } catch {
    return "";
  }
}
