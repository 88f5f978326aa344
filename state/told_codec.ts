/**
 * The encoding of what the owner of a task tells of itself, as a part of the head.
 *
 * @module
 */
import { dictionary, type Head, type Told } from "./head.ts";
import { readList, readPartitions, writeList, writePartitions } from "./head_lists.ts";
import type { ValueReader } from "./value_reader.ts";
import type { ValueWriter } from "./value_writer.ts";

/** The parts of the head whose names it refers to. */
type Known = Pick<Head, "clocks" | "offsets">;

/** Names of clocks and topics that the head has already are written as their indices. */
export function writeTold(w: ValueWriter, { worker, since, at, raisedBy }: Told, { clocks, offsets }: Known): void {
  w.string(worker);
  w.value(since);
  w.value(at);
  const [names, topics] = [Object.keys(clocks), Object.keys(offsets)];
  writeList(w, Object.entries(raisedBy), ([clock, byTopic]) => {
    writeKnown(w, clock, names);
    writeList(w, Object.entries(byTopic), ([topic, byPartition]) => {
      writeKnown(w, topic, topics);
      writePartitions(w, byPartition);
    });
  });
}

export function readTold(r: ValueReader, { clocks, offsets }: Known): Told {
  const [worker, since, at] = [r.string(), r.value() as number, r.value() as number];
  const [names, topics] = [Object.keys(clocks), Object.keys(offsets)];
  const raisedBy = readList(r, () => {
    const clock = readKnown(r, names);
    return [clock, dictionary(readList(r, () => [readKnown(r, topics), readPartitions(r)] as const))] as const;
  });
  return { worker, since, at, raisedBy: dictionary(raisedBy) };
}

function writeKnown(w: ValueWriter, name: string, known: readonly string[]): void {
  const index = known.indexOf(name);
  w.varint(index + 1);
  if (index === -1) w.string(name);
}

function readKnown(r: ValueReader, known: readonly string[]): string {
  const index = r.varint();
  return index === 0 ? r.string() : known[index - 1];
}
