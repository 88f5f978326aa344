/**
 * Taking tasks over: at a start, a restart, a rebalance.
 *
 * The order keeps results exactly once; each step relies on the one before:
 * 1. claim the heads with a new fence and add this worker's transactional id: from here on a commit of an old owner
 *    fails;
 * 2. fence every other publisher that the heads name. Always, because one that died after sending would hold all
 *    readers back. Then write the heads with this worker's id only;
 * 3. read the heads again, then the markers: now it is known what was published, and nothing older can follow. A task
 *    with neither a marker nor unpublished results gets a marker before its next commit;
 * 4. load the state, restore the clocks, seek to the offsets of the heads. Rows of the last epoch that its owner may
 *    not have written are written before the next cut.
 *
 * @module
 */
import type { Background } from "../base/background.ts";
import { askedOf, type AskedReset, askedReset, endAsked } from "./asked_reset.ts";
import type { From, Published, StartOffset } from "../connectors/connector.ts";
import type { RecordAtHand, Task } from "../operators/_task.ts";
import { DeadLetters, tellLetter } from "./details_dead.ts";
import { toldClocks } from "./details_told.ts";
import type { KeyAtHand } from "./key_guard.ts";
import {
  DurableStates,
  FencedError,
  type Head,
  type Offsets,
  type Patience,
  type ResetFrom,
  type SharedTables,
  type Store,
  TaskCheckpoint,
} from "../state/mod.ts";
import { lastBegun } from "../state/decide.ts";
import { beginReset, endReset, learnRun, resetOf, RUN, runOf, unreset } from "./hop_reset.ts";
import { HopQueue } from "./hop_queue.ts";
import { InputQueue } from "./input_queue.ts";
import { listOffsets, mapOffsets, showOffsets } from "./offsets.ts";
import type { OpenJob } from "./opening.ts";
import type { Settings } from "./options.ts";
import { Outputs } from "./outputs.ts";
import type { OutgoingEpoch } from "./outbox.ts";
import { OwnedTask } from "./owned_task.ts";
import type { Plan } from "./plan.ts";
import { type Publisher, settle } from "./publisher.ts";
import { endsOfTables, TABLE_ENDS, TablesFirst } from "./tables_first.ts";
import { countingTask } from "./task_layout.ts";
import type { OnFailure } from "./runner_parts.ts";
import { TaskRunner } from "./task_runner.ts";
import type { Entered } from "./topology.ts";

/** What a takeover needs. */
export interface TakeoverParts {
  readonly store: Store;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly open: OpenJob;
  readonly publisher: Publisher | undefined;
  readonly publisherId: string;
  /** How long to wait for the store. */
  readonly patience: Patience;
  /** Counts the values that enter each stage. */
  readonly entered: Entered;
  /** The rows that the tasks of this worker share. */
  readonly tables: SharedTables;
  /** What goes on after the takeover. */
  readonly background: Background;
  /** Creates the check of the keys that a task meets. */
  readonly guardKey: (number: number) => (task: Task, at: KeyAtHand) => void;
  /** The name of this worker, if it has one. */
  readonly workerName: string | undefined;
  /** Called when an event time lies before 1973. */
  readonly earlyTime: (time: number, record: RecordAtHand | undefined) => void;
  /** Creates the function that handles the failures of a task. */
  readonly onFailure: (number: number) => OnFailure;
}

/** A task that was taken over. */
export interface Taken {
  readonly owned: OwnedTask;
  readonly created: boolean;
  readonly keys: number;
  readonly republishes: number;
  /** How many rows of its last epoch were written, because they may not have been there. */
  readonly rows: number;
}

/**
 * Takes tasks over, all together, so that a dead publisher is fenced once. `reset`: forget the state, and read anew
 * from there.
 */
export async function takeOver(
  parts: TakeoverParts,
  numbers: readonly number[],
  reset: From | undefined,
): Promise<Taken[]> {
  const claims: { number: number; states: DurableStates; checkpoint: TaskCheckpoint; created: boolean }[] = [];
  const claimAll = async (some: readonly number[]) => {
    for (const number of some) {
      const states = new DurableStates({
        undoable: parts.settings.onError !== undefined,
        drop: parts.settings.dropStates,
        shared: parts.tables,
      });
      const { checkpoint, created } = await claim(parts, number, states);
      claims.push({ number, states, checkpoint, created });
    }
  };
  if (reset !== undefined) await beginReset(parts, numbers, reset);
  await claimAll(numbers);
  await learnRun(parts);
  const asked = await askedReset(parts);
  await claimAll(await unreset(parts, numbers));
  await fenceOthers(parts, claims.map(({ checkpoint }) => checkpoint));

  const taken: Taken[] = [];
  try {
    // No task may start before every head carries the run of a reset: it would read what the old run has sent.
    for (const { number, checkpoint, created } of claims) {
      await begin(parts, number, { checkpoint, created, asked }, reset);
    }
    await endReset(parts);
    await endAsked(parts, asked);
    for (const { number, states, checkpoint, created } of claims.slice(0, numbers.length)) {
      const { keys } = await checkpoint.restore();
      const rows = await checkpoint.writeRows();
      const owned = new OwnedTask(number, checkpoint, states, runnerOf(parts, number, checkpoint, states));
      taken.push({ owned, created, keys, republishes: await unpublished(parts, owned), rows });
      if (checkpoint.head.finished) owned.finish();
      if (owned.finished) continue;
      owned.runner.bind();
      states.seal();
    }
  } catch (error) {
    for (const { owned } of taken) owned.runner.close();
    for (const { states } of claims) states.close();
    throw error;
  }
  // Garbage of earlier owners does no harm, so it is removed without waiting for it.
  for (const { owned } of taken) parts.background.run((signal) => owned.checkpoint.sweep(signal));
  return taken;
}

async function claim(
  parts: TakeoverParts,
  task: number,
  states: DurableStates,
): Promise<{ checkpoint: TaskCheckpoint; created: boolean }> {
  const { store, settings, publisher, publisherId, patience, open } = parts;
  let fenced: readonly string[] = [];
  for (;;) {
    const result = await TaskCheckpoint.claim(store, {
      ...patience,
      job: settings.name,
      worker: parts.workerName,
      task,
      states,
      publisher: publisher === undefined ? undefined : publisherId,
      fenced,
    });
    if (!result.full) return result;
    // Too many owners died between claiming and fencing. An old owner that is fenced cannot publish for this task
    // again, so its id can leave the head.
    for (const id of result.publishers) if (id !== publisherId) await open.delivery?.fence(id);
    fenced = result.publishers;
  }
}

async function fenceOthers(parts: TakeoverParts, checkpoints: readonly TaskCheckpoint[]): Promise<void> {
  const { publisher, publisherId, open } = parts;
  const others = new Set(checkpoints.flatMap(({ head }) => head.publishers).filter((id) => id !== publisherId));
  for (const id of others) await open.delivery?.fence(id);
  for (const checkpoint of checkpoints) {
    if (checkpoint.head.publishers.some((id) => id !== publisherId)) {
      await checkpoint.rewrite({ publishers: publisher === undefined ? [] : [publisherId] });
    }
  }
}

/** A new head gets its first offsets. An unsafe head needs a reset. */
async function begin(
  parts: TakeoverParts,
  number: number,
  { checkpoint, created, asked }: { checkpoint: TaskCheckpoint; created: boolean; asked: AskedReset | undefined },
  ordered: From | undefined,
): Promise<void> {
  const { settings, plan } = parts;
  const { unsafe } = checkpoint.head;
  const reset = resetOf(parts, checkpoint.head, ordered ?? askedOf(asked, checkpoint.head));
  const run = runOf(parts) ?? (asked && { [RUN]: asked.run });
  if (unsafe !== undefined && reset === undefined) {
    throw new Error(
      `Cannot run the job: an earlier run was stopped as unsafe. Results from ${
        showOffsets(listOffsets(unsafe.since))
      } on may be wrong, because: ` +
        `${unsafe.reason}. Change the pipeline, then start the job with reset to say from where to read anew`,
    );
  }
  const { topics } = parts.open;
  if (reset === undefined) refuseHalfEnded(parts, checkpoint.head);
  if (reset === undefined) refuseOthers(settings.name, checkpoint.head, topics);
  if (reset !== undefined && !created) {
    // Epochs go on after the epoch of the marker, whatever it is: readers have seen results up to it.
    const shown = await markerOf(parts, number);
    const epoch = shown === undefined ? 0 : lastBegun(shown);
    const first = await firstOffsets(parts, number, readTopics(plan), { from: reset, hops: "latest" });
    await checkpoint.rewrite({
      reset: { epoch },
      offsets: mapOffsets(first),
      topics,
      extensions: { ...run, ...await tableEnds(parts, first, {}) },
    });
  }
  const fresh = readTopics(plan).filter((topic) => isFresh(parts, checkpoint.head, topic));
  // A head that an older program wrote, or that was written when the broker gave no topic ids, gets the ids now.
  const untold = Object.keys(topics).some((topic) => checkpoint.head.topics[topic] === undefined);
  if (fresh.length > 0 || untold) {
    const from = (created ? askedOf(asked, checkpoint.head) : undefined) ?? settings.from;
    const first = await firstOffsets(parts, number, fresh, { from, hops: "earliest" });
    const unread = first.filter(({ topic, partition }) => checkpoint.head.offsets[topic]?.[partition] === undefined);
    const extensions = { ...run, ...await tableEnds(parts, unread, checkpoint.head.extensions) };
    await checkpoint.rewrite({ offsets: mapOffsets(unread), topics, extensions });
  }
}

/** The head's extension with the ends of tables that are new to the task, beside those that it has. */
async function tableEnds(
  { open: { input }, plan }: TakeoverParts,
  starts: readonly StartOffset[],
  before: Head["extensions"],
): Promise<Head["extensions"]> {
  const known = listOffsets((before[TABLE_ENDS] ?? {}) as Offsets);
  const ends = [...known, ...await endsOfTables(starts, plan.order, (topic) => input.bounds(topic))];
  return ends.length === 0 ? {} : { [TABLE_ENDS]: mapOffsets(ends) };
}

/** Whether the head has no offset of a topic yet, or not of every partition of a topic of which every task reads all. */
function isFresh({ open: { layout } }: TakeoverParts, { offsets }: Head, topic: string): boolean {
  const own = offsets[topic];
  if (own === undefined || !layout.broadcast.has(topic)) return own === undefined;
  return Object.keys(own).length < layout.partitions.get(topic)!;
}

/**
 * Refuses a job that has told the end of some of its input through its hops, and is started without an end: what it would
 * read on could not be sent any more.
 */
function refuseHalfEnded({ open: { hops, input }, settings }: TakeoverParts, head: Head): void {
  if (hops === undefined || head.finished || settings.until === "end" || input.ended !== undefined) return;
  const ended = endedOf(head);
  if (ended.length === 0) return;
  throw new Error(
    `Cannot run job ${settings.name}: it was started with until: "end" and has read ${
      ended.join(", ")
    } to the end that it had, which its ` +
      `hops have told. Start it with until: "end" until it has finished, or with reset to process its input anew`,
  );
}

/**
 * Refuses another topic of the same name: offsets of the old topic mean nothing in it, even when it has records there.
 */
function refuseOthers(job: string, head: Head, topics: Readonly<Record<string, string>>): void {
  for (const [topic, id] of Object.entries(topics)) {
    if (head.topics[topic] === undefined || head.topics[topic] === id) continue;
    throw new Error(
      `Cannot run job ${job}: topic "${topic}" was deleted and made anew since the job's checkpoint, whose offsets mean nothing in ` +
        `it. Start the job with reset to process the new topic with an empty state, or give it another name`,
    );
  }
}

/** The topics that a task reads: the inputs, and those of hops. */
function readTopics({ topics, hops }: Plan): string[] {
  return [...topics, ...hops.map(({ topic }) => topic)];
}

/** Where a task begins to read: inputs, and hops. */
interface Beginning {
  readonly from: ResetFrom;
  /**
   * A new head reads a hop from its beginning. A reset leaves out all that its hops have: nothing of the new run can be there
   * yet, and a former owner may still delete of it what it has read.
   */
  readonly hops: "earliest" | "latest";
}

async function firstOffsets(
  { open, plan }: TakeoverParts,
  number: number,
  topics: readonly string[],
  { from, hops }: Beginning,
): Promise<StartOffset[]> {
  const starts: StartOffset[] = [];
  for (const topic of topics) {
    const isHop = !plan.topics.includes(topic);
    // A part of a table would be missing rows, so a table is read from its beginning.
    const whole = plan.order.whole.has(topic) || plan.broadcast.has(topic);
    const named = typeof from === "object" && Object.hasOwn(from, topic) && !whole && !isHop ? from[topic] : {};
    const begin = isHop ? hops : whole || typeof from === "object" ? "earliest" : from;
    const offsets = await open.input.offsets(topic, begin);
    for (const { topic: own, partition } of open.layout.inputsOf(number)) {
      if (own === topic) starts.push({ topic, partition, offset: named[partition] ?? offsets[partition] });
    }
  }
  return starts;
}

/** Restores the results that the head holds and that may not be visible yet. They are published before new results. */
async function unpublished(parts: TakeoverParts, owned: OwnedTask): Promise<number> {
  const { checkpoint, outbox, number } = owned;
  if (parts.open.delivery === undefined) return 0;
  const epochs: OutgoingEpoch[] = [];
  for (const entry of checkpoint.head.outbox) {
    epochs.push({ epoch: entry.epoch, rows: await checkpoint.readOutbox(entry), bytes: entry.bytes, samples: [] });
  }
  outbox.restore(epochs);
  await checkpoint.verify();
  const marker = await markerOf(parts, number);
  if (marker === undefined && outbox.empty) {
    // The head is new, or its owner died before it published a marker. No results wait, so the marker is that of the
    // head.
    await parts.publisher?.publishMarker(owned, checkpoint.head.epoch);
    return 0;
  }
  if (!(await settle(owned, marker))) throw new FencedError(`Task ${number} has another owner`);
  return outbox.waiting.length;
}

/** The topics whose input had ended at a head's last cut. */
function endedOf({ extensions: { ended } }: Head): readonly string[] {
  return (ended as readonly string[] | undefined) ?? [];
}

async function markerOf(parts: TakeoverParts, number: number): Promise<Published | undefined> {
  return (await parts.open.delivery?.published([number]))?.get(number);
}

function runnerOf(parts: TakeoverParts, number: number, checkpoint: TaskCheckpoint, states: DurableStates): TaskRunner {
  const { open, plan, settings } = parts;
  const { head } = checkpoint;
  const { layout } = open;
  const topics = readTopics(plan);
  const read = listOffsets(head.offsets).filter(({ topic, partition }) =>
    topics.includes(topic) && (layout.broadcast.has(topic) || layout.taskOf(topic, partition) === number)
  );
  const queues = read.map((place, slot) => {
    const hop = !plan.topics.includes(place.topic);
    if (hop) return new HopQueue(slot, place.topic, place.partition, place.offset, { counts: false });
    return new InputQueue(slot, place.topic, place.partition, place.offset, {
      shared: layout.broadcast.has(place.topic),
      counts: countingTask(layout, place) === number,
    });
  });
  const outputs = new Outputs({
    taskNumber: number,
    sinks: open.sinks,
    badRecord: settings.onBadRecord?.sink,
    failed: settings.onError?.sink,
    now: settings.clock.now,
    count: (name) => runner.count(name),
    letters: new DeadLetters((letter) => tellLetter(settings.events, number, letter)),
  });
  const runner: TaskRunner = new TaskRunner({
    number,
    pipelines: plan.pipelines,
    planned: new Set([...plan.sources, ...plan.hops.map(({ source }) => source)]),
    hops: open.hops,
    ended: endedOf(head),
    queues,
    entered: parts.entered,
    tablesFirst: new TablesFirst(queues, head, plan.order),
    outputs,
    clock: settings.clock,
    openState: (spec) => states.open(spec),
    clocks: toldClocks(head),
    counters: head.counters,
    guardKey: open.layout.tasks.length > 1 ? parts.guardKey(number) : undefined,
    decoded: settings.decoded,
    earlyTime: parts.earlyTime,
    keepsJournal: settings.onError !== undefined,
    badRecords: settings.onBadRecord === undefined ? "stop" : "deadLetter",
  }, parts.onFailure(number));
  return runner;
}
