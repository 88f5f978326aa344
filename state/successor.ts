/**
 * The invariants of the checkpoint that two successive heads of a task can show. They are checked before each head is
 * written, and by the simulator for each head that was written.
 *
 * @module
 */
import { END_OF_TIME } from "../operators/_limits.ts";
import type { Clocks, Head, Offsets, OutboxEntry } from "./head.ts";

/**
 * Checks that one head may follow another.
 *
 * @param before the current head; `undefined` when there is none
 * @param after the head that replaces it
 * @param reset whether a user has reset the task; then offsets, clocks and results may differ
 * @throws {Error} when the second head breaks an invariant; the message says which
 */
export function assertSuccessor(before: Head | undefined, after: Head, reset = false): void {
  if (before === undefined) {
    if (after.epoch !== 0 || after.attempt !== 0) throw wrong("a new task begins with epoch 0 and attempt 0");
    return;
  }
  if (after.era < before.era || after.nextState < before.nextState) throw wrong("a number would be given twice");
  if (after.fence === before.fence) assertOwners(before, after, reset);
  else assertClaims(before, after);
  if (reset) return;
  assertOffsets(before.offsets, after.offsets);
  assertClocks(before.clocks, after.clocks);
}

/** Checks a head of the same owner: the epoch grows by one at most. */
function assertOwners(before: Head, after: Head, reset: boolean): void {
  if (after.attempt !== before.attempt + 1) {
    throw wrong(`attempt ${after.attempt} came after attempt ${before.attempt}`);
  }
  if (reset ? after.epoch < before.epoch : after.epoch !== before.epoch && after.epoch !== before.epoch + 1) {
    throw wrong(`epoch ${after.epoch} came after epoch ${before.epoch}`);
  }
  if (!reset) assertOutbox(before, after);
  const { unwritten } = after;
  if (unwritten === undefined || (after.epoch === before.epoch && isKept(before, after))) return;
  if (after.epoch === before.epoch || unwritten.epoch !== after.epoch || !isOf(unwritten, after)) {
    throw wrong(`rows came into the head that are not those of epoch ${after.epoch}`);
  }
}

/**
 * Checks the first head of a new owner: it changes nothing, and keeps the previous owner's publisher, which may still
 * have a transaction under way.
 */
function assertClaims(before: Head, after: Head): void {
  if (after.attempt !== 0) throw wrong(`a new owner began with attempt ${after.attempt}`);
  if (after.epoch !== before.epoch) throw wrong(`a new owner made epoch ${after.epoch} of epoch ${before.epoch}`);
  const owner = before.publishers.at(-1);
  if (owner !== undefined && !after.publishers.includes(owner)) throw wrong(`publisher ${owner} was forgotten`);
  if (after.outbox.length !== before.outbox.length) throw wrong("a new owner changed the outbox");
  assertOutbox(before, after);
  if (!isKept(before, after)) throw wrong("a new owner changed the rows that may not be written yet");
}

/** Whether both heads name the same rows that may not be written yet, or none. */
function isKept({ unwritten: one }: Head, { unwritten: other }: Head): boolean {
  return one === undefined || other === undefined ? one === other : isSame(one, other);
}

/** Checks the outbox: results are removed from its start, and only those of the new epoch are added. */
function assertOutbox(before: Head, after: Head): void {
  const added = after.outbox.filter(({ epoch }) => epoch > before.epoch);
  const kept = after.outbox.slice(0, after.outbox.length - added.length);
  const from = before.outbox.length - kept.length;
  if (from < 0 || !kept.every((entry, i) => isSame(entry, before.outbox[from + i]))) {
    throw wrong("results left the outbox out of their order");
  }
  const { epoch, fence, attempt } = after;
  if (added.length > 1 || (added.length === 1 && !(isOf(added[0], { fence, attempt }) && added[0].epoch === epoch))) {
    throw wrong(`results came into the outbox that are not those of epoch ${epoch}`);
  }
}

function isSame(one: OutboxEntry, other: OutboxEntry): boolean {
  return one.epoch === other.epoch && isOf(one, other) && one.checksum === other.checksum;
}

function isOf(one: OutboxEntry, { fence, attempt }: Pick<OutboxEntry, "fence" | "attempt">): boolean {
  return one.fence === fence && one.attempt === attempt;
}

function assertOffsets(before: Offsets, after: Offsets): void {
  for (const topic of Object.keys(before)) {
    const now = Object.hasOwn(after, topic) ? after[topic] : {};
    for (const partition of Object.keys(before[topic]) as unknown as number[]) {
      if (now[partition] >= before[topic][partition]) continue;
      throw wrong(`the offset of ${topic}/${partition} went from ${before[topic][partition]} to ${now[partition]}`);
    }
  }
}

function assertClocks(before: Clocks, after: Clocks): void {
  for (const name of Object.keys(after)) {
    const { watermark } = after[name];
    if (watermark >= END_OF_TIME) throw wrong(`the end of time is in clock "${name}"`);
    if (!Object.hasOwn(before, name) || watermark >= before[name].watermark) continue;
    throw wrong(`the watermark of clock "${name}" went from ${before[name].watermark} to ${watermark}`);
  }
}

function wrong(what: string): Error {
  return new Error(`A head cannot follow the one before it: ${what}`);
}
