/**
 * The tasks of this worker. It takes over the tasks that the group assigns to it and releases those that the group
 * assigns to others. If another worker claims one of its tasks, this worker claims it again, for as long as the group
 * still assigns the task to it.
 *
 * @module
 */
import type { StartOffset } from "../connectors/connector.ts";
import { beginReset, ofEarlierRun } from "./hop_reset.ts";
import { leastOffsets } from "./offsets.ts";
import { guardKey } from "./key_guard.ts";
import { SharedTables, UnavailableError } from "../state/mod.ts";
import { SecondTask } from "./second_task.ts";
import { Claims } from "./claims.ts";
import type { Epochs } from "./epochs.ts";
import type { InputQueue } from "./input_queue.ts";
import type { Meter } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";
import { Recovery } from "./recovery.ts";
import { type Taken, takeOver, type TakeoverParts } from "./takeover.ts";
import { describeTaken, earlyTimeTold, otherOffsets, shownTasks, type Told, unreadInput } from "./telling.ts";
import type { TroubleKind } from "./troubles.ts";

/** What an assignment needs. */
export interface AssignmentParts extends Omit<TakeoverParts, "onFailure" | "earlyTime" | "guardKey" | "tables"> {
  readonly meter: Meter;
  readonly epochs: () => Epochs;
  /** Makes the reader go on at this offset. */
  readonly seek: (start: StartOffset) => void;
  /** A task that has left no longer holds the fetching of its partitions back. */
  readonly resume: (queue: InputQueue) => void;
  /** Wakes the loop: a task has something to do. */
  readonly wake: () => void;
  readonly trouble: (kind: TroubleKind, error: Error | undefined) => void;
  /** Called when the worker cannot go on. */
  readonly failed: (error: Error) => void;
}

/** A queue, and the task that it belongs to. */
export interface AssignedQueue {
  readonly queue: InputQueue;
  readonly owned: OwnedTask;
}

const NO_QUEUES: readonly AssignedQueue[] = [];

export class Assignment {
  readonly tasks: Map<number, OwnedTask> = new Map();
  /** The same tasks, in order. */
  list: readonly OwnedTask[] = [];
  /** Whether a task that had finished before has more input that was not read. */
  unread = false;
  readonly #takeover: TakeoverParts;
  readonly #claims: Claims;
  readonly #queues = new Map<string, readonly AssignedQueue[]>();
  #assigned: readonly number[] | undefined;
  #reset: TakeoverParts["settings"]["from"] | undefined;

  constructor(readonly parts: AssignmentParts) {
    const { settings } = parts;
    this.#reset = settings.reset;
    const recovery = new Recovery(settings);
    const secondTask = new SecondTask({
      events: settings.events,
      tasks: parts.open.layout.tasks.length,
      holders: () => this.list.map(({ runner }) => runner),
    });
    this.#takeover = {
      ...parts,
      tables: new SharedTables(parts.plan.shared),
      earlyTime: earlyTimeTold(settings),
      guardKey: (number) => (task, at) => {
        const { record } = task;
        // Where every task reads all partitions, no key belongs to one of them.
        if (record !== undefined && parts.open.layout.broadcast.has(record.topic)) return;
        guardKey(task, at);
        if (record !== undefined) secondTask.meet(number, { ...at, record });
      },
      onFailure: (number) => (failure, record) => recovery.recover(this.tasks.get(number)!, failure, record),
    };
    this.#claims = new Claims({
      settings,
      take: (numbers) => this.#take(numbers),
      lacking: () => (this.#assigned ?? []).filter((number) => !this.tasks.has(number)),
      retaken: (starts) => starts.forEach(parts.seek),
      background: parts.background,
      trouble: (error) => parts.trouble("tasks", error),
      failed: parts.failed,
    });
  }

  /** The queues of a topic partition: one for each task of this worker that reads it. */
  queuesOf(topic: string, partition: number): readonly AssignedQueue[] {
    return this.#queues.get(`${topic}/${partition}`) ?? NO_QUEUES;
  }

  /** The offset from which on a queue, and every other queue that shares its partition, gets what it needs. */
  startOf({ topic, partition }: InputQueue): StartOffset {
    const needed = this.queuesOf(topic, partition).map(({ queue }) => queue.expected);
    return { topic, partition, offset: Math.min(...needed) };
  }

  /**
   * Follows the group: afterwards the worker has exactly these tasks. Resolves with the offsets at which new tasks
   * begin to read.
   */
  follow(numbers: readonly number[], alive: () => Promise<void>): Promise<readonly StartOffset[]> {
    return this.#claims.whileAssigned(alive, () => this.#follow(numbers));
  }

  async #follow(numbers: readonly number[]): Promise<readonly StartOffset[]> {
    const { events } = this.parts.settings;
    const gone = [...this.tasks.keys()].filter((number) => !numbers.includes(number));
    for (const number of gone) this.#release(number);
    if (gone.length > 0) events.note({ kind: "released", tasks: gone }, `${shownTasks(gone)} given to another worker`);
    const before = this.#assigned ?? [];
    this.#assigned = numbers;
    const fresh = numbers.filter((number) => !this.tasks.has(number));
    const starts = await this.#claims.take(fresh);
    this.#reset = undefined;
    if (numbers.length === 0 && before.length > 0) {
      events.tell({ kind: "standing by" }, "no task is assigned to this worker, it stands by");
    }
    return starts;
  }

  /** Another owner has the task. It is claimed again if the group still assigns it to this worker. */
  fenced(task: OwnedTask): void {
    if (this.tasks.get(task.number) !== task) return;
    this.#release(task.number);
    this.parts.settings.events.tell(
      { kind: "fenced", task: task.number },
      `task ${task.number} has another owner now; this worker has stopped it`,
    );
    this.#claims.takeAgain();
  }

  /** Gives up the tasks that another worker has reset. They are claimed again, as those that were found fenced. */
  async followReset(): Promise<void> {
    for (const owned of await ofEarlierRun(this.#takeover, this.list).catch(() => [])) {
      owned.lose();
      this.fenced(owned);
    }
  }

  async #take(numbers: readonly number[]): Promise<StartOffset[]> {
    const { settings, meter, epochs } = this.parts;
    if (numbers.length === 0) {
      if (this.#reset !== undefined) await this.#refuseReset(this.#reset);
      return [];
    }
    const began = settings.clock.elapsed();
    // The transaction under way may carry epochs of a task that was released and is now assigned again. It must end
    // first, so that the marker shows them.
    await epochs().settled();
    const taken = await takeOver(this.#takeover, numbers, this.#reset);
    const { other, unread } = await this.#toTell(taken);
    const fresh: InputQueue[] = [];
    for (const { owned } of taken) {
      this.tasks.set(owned.number, owned);
      owned.outbox.onVisible = (samples) => {
        meter.visible(samples, { now: settings.clock.now(), elapsed: settings.clock.elapsed() });
        owned.quietSince = settings.clock.elapsed();
      };
      owned.quietSince = settings.clock.elapsed();
      owned.runner.onWake = () => this.parts.wake();
      for (const queue of owned.runner.queues) {
        // A finished task takes nothing, and must not hold back the others that share a partition.
        if (queue.shared && owned.finished) continue;
        const place = `${queue.topic}/${queue.partition}`;
        this.#queues.set(place, [...this.#queues.get(place) ?? [], { queue, owned }]);
        // An input that has ended is not read on.
        if (!queue.done) fresh.push(queue);
      }
    }
    // A partition may still be paused for an earlier queue of a task that was lost and is taken again: one that was full,
    // or had ended.
    for (const queue of fresh) this.parts.resume(queue);
    const starts = leastOffsets(fresh.map((queue) => this.startOf(queue)));
    this.list = [...this.tasks.values()];
    epochs().publish();
    settings.events.tell(...describeTaken(taken, settings.clock.elapsed() - began));
    for (const told of other) settings.events.tell(...told);
    if (unread !== undefined) {
      settings.events.tell(...unread);
      this.unread = true;
    }
    return starts;
  }

  /** The worker was started with reset, and other workers have all tasks. */
  async #refuseReset(reset: NonNullable<TakeoverParts["settings"]["from"]>): Promise<void> {
    const { open, settings: { events } } = this.parts;
    await beginReset(this.#takeover, [], reset);
    if (open.hops !== undefined) return;
    const text =
      "this worker was started with reset, but other workers have all tasks, so nothing is reset. Stop them, and " +
      "start this one first";
    events.tell({ kind: "standing by" }, text);
  }

  /**
   * What is to be told of tasks that were taken over. It is asked before they are the worker's: where the broker does not answer,
   * the takeover is tried again. A failure after that would lose the offsets at which reading begins.
   */
  async #toTell(taken: readonly Taken[]): Promise<{ other: Told[]; unread: Told | undefined }> {
    try {
      const told = { other: await otherOffsets(this.parts, taken), unread: await unreadInput(this.parts, taken) };
      if (!this.parts.background.signal.aborted) return told;
      throw new UnavailableError("The job was stopped while its tasks were taken over");
    } catch (error) {
      for (const { owned } of taken) {
        owned.runner.close();
        owned.states.close();
      }
      throw error;
    }
  }

  #release(number: number): void {
    const owned = this.tasks.get(number);
    if (owned === undefined) return;
    owned.lose();
    owned.runner.close();
    owned.states.close();
    for (const queue of owned.runner.queues) {
      const others = this.queuesOf(queue.topic, queue.partition).filter((one) => one.owned !== owned);
      if (others.length > 0) this.#queues.set(`${queue.topic}/${queue.partition}`, others);
      else this.#queues.delete(`${queue.topic}/${queue.partition}`);
      if (others.length > 0 && queue.paused) this.parts.resume(queue);
    }
    this.tasks.delete(number);
    this.list = [...this.tasks.values()];
  }
}
