/**
 * The assignment of tasks in a job's group. It is by partition number over all inputs, so that co-partitioned topics
 * stay together, and it is sticky: a task moves only when it must.
 *
 * The subscription and the assignment have the format of Kafka's own consumer protocol, so that its tools can show who
 * reads what. The tasks that a member owns are in the subscription's user data.
 *
 * @module
 */

import type { InputPartition, TaskId, TaskLayout } from "../connector.ts";
import { ByteReader, ByteWriter } from "./wire.ts";

/** The name under which the members of a group agree on this assignment. */
export const PROTOCOL = "tidemark";

/** What a member tells the group when it joins. */
export interface Subscription {
  readonly topics: readonly string[];
  /** How its job's tasks are formed. */
  readonly tasks: TaskLayout["kind"];
  /** The incarnation of the job that it works for. Workers on another state store have another one. */
  readonly incarnation: string;
  /** The tasks that it owns so far. */
  readonly owned: readonly number[];
  /** The generation in which it got them. When two members claim a task, the later generation counts. */
  readonly generation: number;
}

/** A member with its subscription. */
export interface Member {
  readonly member: string;
  readonly subscription: Subscription;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes a subscription in Kafka's format. */
export function encodeSubscription({ topics, ...told }: Subscription): Uint8Array {
  const writer = new ByteWriter().int16(0).int32(topics.length);
  for (const topic of topics) writer.string(topic);
  return writer.block(encoder.encode(JSON.stringify(told))).written;
}

/**
 * Decodes a subscription.
 *
 * @throws {Error} when it is not from a member that uses this assignment
 */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const reader = new ByteReader(bytes);
  reader.int16();
  const topics: string[] = [];
  for (let left = reader.int32(); left > 0; left--) topics.push(reader.string());
  const { tasks, incarnation, owned, generation } = JSON.parse(decoder.decode(reader.take(reader.int32())));
  return { topics, tasks, incarnation, owned, generation };
}

/** The assignment of one member. */
export interface Assignment {
  /** The partitions of each topic. */
  readonly topics: ReadonlyMap<string, readonly number[]>;
  /** Whether a worker of a job has made it. The assignors of Kafka and of other clients leave no such mark. */
  readonly ours: boolean;
  /** Why the member gets nothing and must stop, as a sentence. */
  readonly refused?: string;
}

/** Encodes an assignment in Kafka's format, with a mark that a worker of a job made it. */
export function encodeAssignment(topics: ReadonlyMap<string, readonly number[]>, refused?: string): Uint8Array {
  const writer = new ByteWriter().int16(0).int32(topics.size);
  for (const [topic, partitions] of topics) {
    writer.string(topic).int32(partitions.length);
    for (const partition of partitions) writer.int32(partition);
  }
  return writer.block(encoder.encode(JSON.stringify({ by: PROTOCOL, refused }))).written;
}

/** Decodes an assignment of any assignor. Empty bytes are an empty assignment. */
export function decodeAssignment(bytes: Uint8Array): Assignment {
  const topics = new Map<string, number[]>();
  if (bytes.length === 0) return { topics, ours: false };
  const reader = new ByteReader(bytes);
  reader.int16();
  for (let left = reader.int32(); left > 0; left--) {
    const topic = reader.string();
    const partitions: number[] = [];
    for (let count = reader.int32(); count > 0; count--) partitions.push(reader.int32());
    topics.set(topic, partitions);
  }
  const { by, refused } = readMark(reader.take(Math.max(0, reader.int32())));
  return { topics, ours: by === PROTOCOL, refused };
}

function readMark(bytes: Uint8Array): { readonly by?: unknown; readonly refused?: string } {
  try {
    return JSON.parse(decoder.decode(bytes)) ?? {};
  } catch {
    return {};
  }
}

/** The partitions of these tasks, by topic. A partition that all of them read is there once. */
export function partitionsOf(share: readonly TaskId[], { partitions, inputsOf }: TaskLayout): Map<string, number[]> {
  const topics = new Map([...partitions.keys()].map((topic) => [topic, new Set<number>()]));
  for (const task of share) for (const { topic, partition } of inputsOf(task)) topics.get(topic)?.add(partition);
  return new Map([...topics].map(([topic, numbers]) => [topic, [...numbers]]));
}

/**
 * The partitions that form whole tasks. The assignor of another client may have split a task. It gives a partition that
 * every task reads to one member only.
 */
export function wholeTasks(
  assigned: ReadonlyMap<string, readonly number[]>,
  layout: TaskLayout,
): Map<string, number[]> {
  const isAssigned = ({ topic, partition }: InputPartition) =>
    layout.broadcast.has(topic) || (assigned.get(topic)?.includes(partition) ?? false);
  return partitionsOf(layout.tasks.filter((task) => layout.inputsOf(task).every(isAssigned)), layout);
}

/** The tasks of these partitions, in order. */
export function taskNumbers(assigned: ReadonlyMap<string, readonly number[]>, { taskOf }: TaskLayout): TaskId[] {
  const tasks = new Set<TaskId>();
  for (const [topic, partitions] of assigned) {
    for (const partition of partitions) {
      const task = taskOf(topic, partition);
      if (task !== undefined) tasks.add(task);
    }
  }
  return [...tasks].sort((one, other) => one - other);
}

/**
 * Refuses members that cannot work together with the others. Those that agree with the members which have tasks may
 * stay, or, when no member has tasks, those that agree with the leader.
 *
 * @param members all members of the generation
 * @param assigning the subscription of the leader, which assigns
 *
 * @returns the reason of each refusal, by member
 */
export function refuseStrangers(members: readonly Member[], assigning: Subscription): Map<string, string> {
  let most: Subscription | undefined;
  for (const { subscription } of members) {
    if (subscription.owned.length > 0 && subscription.generation > (most?.generation ?? -1)) most = subscription;
  }
  const { incarnation, tasks } = most ?? assigning;
  const refused = new Map<string, string>();
  for (const { member, subscription } of members) {
    if (subscription.incarnation !== incarnation) {
      refused.set(
        member,
        "other workers run this job on another state store, and each store would process and publish everything once more; " +
          "start this worker with the store that they have (state), end them first, or give this job another name",
      );
    } else if (subscription.tasks !== tasks) {
      refused.set(
        member,
        `this worker was started with tasks: "${subscription.tasks}", and other workers of the job run with tasks: "${tasks}"; ` +
          `start all of them with the same setting`,
      );
    }
  }
  return refused;
}

/**
 * Assigns every task to a member. The shares differ by one task at most, and as few tasks as possible move.
 *
 * @param members all members of the generation
 * @param tasks how many tasks there are
 *
 * @returns the tasks of each member, in order
 */
export function assignTasks(members: readonly Member[], tasks: number): Map<string, number[]> {
  const ordered = [...members].sort((one, other) => one.member < other.member ? -1 : 1);
  const owner = ownersNow(ordered, tasks);
  const kept = new Map<string, number[]>(ordered.map(({ member }) => [member, []]));
  for (let task = 0; task < tasks; task++) {
    const member = owner[task];
    if (member !== undefined) kept.get(member)!.push(task);
  }
  const loads = trim(kept, tasks);
  for (let task = 0; task < tasks; task++) {
    if (owner[task] !== undefined && loads.get(owner[task]!)!.includes(task)) continue;
    const [idlest] = [...loads].sort((one, other) => one[1].length - other[1].length)[0];
    loads.get(idlest)!.push(task);
  }
  for (const list of loads.values()) list.sort((one, other) => one - other);
  return loads;
}

function ownersNow(members: readonly Member[], tasks: number): (string | undefined)[] {
  const owner = new Array<string | undefined>(tasks).fill(undefined);
  const since = new Array<number>(tasks).fill(-Infinity);
  for (const { member, subscription } of members) {
    for (const task of subscription.owned) {
      if (task >= tasks || subscription.generation <= since[task]) continue;
      owner[task] = member;
      since[task] = subscription.generation;
    }
  }
  return owner;
}

/** Trims each member to its share. The larger shares stay with the members that have the most tasks. */
function trim(kept: ReadonlyMap<string, readonly number[]>, tasks: number): Map<string, number[]> {
  const share = Math.floor(tasks / kept.size);
  let larger = tasks % kept.size;
  const byLoad = [...kept].sort((one, other) => other[1].length - one[1].length);
  return new Map(byLoad.map(([member, list]) => {
    const allowed = list.length > share && larger > 0 ? share + 1 : share;
    if (allowed > share) larger--;
    return [member, list.slice(0, allowed)];
  }));
}
