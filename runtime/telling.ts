/**
 * Messages of a job to its users: where it begins, and why it stopped.
 *
 * @module
 */
import { RefusedError, type StartOffset } from "../connectors/connector.ts";
import { brief } from "./brief.ts";
import type { EventFacts } from "./events.ts";
import { letterRecord } from "./hop_records.ts";
import type { OpenJob } from "./opening.ts";
import type { RecordAtHand, TaskFailure } from "../operators/_task.ts";
import type { Settings } from "./options.ts";
import { leastOffsets, showOffsets } from "./offsets.ts";
import type { OwnedTask } from "./owned_task.ts";
import { positionOf } from "../connectors/rows.ts";
import type { Taken } from "./takeover.ts";

/** What is told: the facts, and the words. */
export type Told = [EventFacts, string];

/** The line at each start: fresh or restored, the offsets, how many keys, how long it took, and what is republished. */
export function describeTaken(taken: readonly Taken[], ms: number): Told {
  const restored = taken.filter(({ created }) => !created);
  const keys = taken.reduce((sum, one) => sum + one.keys, 0);
  const epochs = taken.reduce((sum, one) => sum + one.republishes, 0);
  const finished = taken.filter(({ owned }) => owned.finished).length;
  const origin = restored.length === 0
    ? "fresh"
    : restored.length === taken.length
    ? "restored"
    : `${restored.length} of ${taken.length} tasks restored`;
  const shown = showOffsets(leastOffsets(taken.flatMap(({ owned }) => inputOffsets(owned))), 8);
  const again = epochs === 0 ? "nothing to republish" : `republishing ${epochs} epoch${epochs === 1 ? "" : "s"}`;
  const rows = taken.reduce((sum, one) => sum + one.rows, 0);
  const rewritten = rows === 0 ? "" : `, ${rows} rows of tables written again`;
  const over = finished === 0 ? "" : `, ${finished} of ${taken.length} tasks finished`;
  const tasks = taken.map(({ owned }) => owned.number);
  return [
    { kind: "taken", tasks, restored: restored.length, keys, ms },
    `${origin}, from ${shown}, ${keys} keys in ${ms.toFixed(0)} ms, ${again}${rewritten}${over}`,
  ];
}

/** `task 2 is`, `3 tasks are` */
export function shownTasks(tasks: readonly number[]): string {
  return tasks.length === 1 ? `task ${tasks[0]} is` : `${tasks.length} tasks are`;
}

/**
 * Warnings where the group's offsets differ from the head, for example after a reset with Kafka's tools. The head
 * decides. Of a topic that every task reads the group shows the offset of one task, which says nothing of the others.
 */
export async function otherOffsets(
  { open, settings }: { open: OpenJob; settings: Settings },
  taken: readonly Taken[],
): Promise<Told[]> {
  const told: Told[] = [];
  const topics = new Set(taken.flatMap(({ owned }) => inputOffsets(owned).map(({ topic }) => topic)));
  for (const topic of topics.difference(open.layout.broadcast)) {
    const shown = await open.input.shown(settings.name, topic);
    for (const { owned, created } of taken) {
      if (created) continue;
      for (const { topic: own, partition, offset } of owned.offsets()) {
        const other = own === topic ? shown.get(partition) : undefined;
        // The offsets that the job itself commits to the group trail the head by about a second.
        if (other === undefined || (other.own ? other.offset <= offset : other.offset === offset)) continue;
        told.push([
          { kind: "other offset", topic, partition, offset },
          `the group's offset of ${topic}/${partition} is ${other.offset}, but the job goes on at ${offset}, where its checkpoint is; ` +
          `to read from elsewhere, start it with reset`,
        ]);
      }
    }
  }
  return told;
}

/**
 * Warns once about an event time before 1973. Event times in seconds put all windows in January 1970 and cause no
 * error.
 */
export function earlyTimeTold({ events }: Settings): (time: number, record: RecordAtHand | undefined) => void {
  let told = false;
  return (time, record) => {
    if (told) return;
    told = true;
    const where = record === undefined ? "a value" : `the record ${positionOf(record)}`;
    events.tell(
      { kind: "early time", eventTime: time },
      `${where} has the event time ${time}, which lies before 1973 (${
        new Date(time).toISOString()
      }). Event times are ` +
        `milliseconds since 1970; if the data counts in seconds, give eventTime((value) => value.at * 1000)`,
    );
  };
}

/**
 * A finished job reads no more. When its input goes on after the end that it had: what stays unread and how to process
 * it.
 */
export async function unreadInput({ open }: { open: OpenJob }, taken: readonly Taken[]): Promise<Told | undefined> {
  const ends = leastOffsets(taken.filter(({ owned }) => owned.finished).flatMap(({ owned }) => inputOffsets(owned)));
  const unread: string[] = [];
  for (const topic of new Set(ends.map((end) => end.topic))) {
    const bounds = await open.input.bounds(topic);
    for (const { topic: own, partition, offset } of ends) {
      const latest = own === topic ? bounds[partition]?.latest ?? 0 : 0;
      if (latest > offset) unread.push(`${topic}/${partition} from offset ${offset} to ${latest - 1}`);
    }
  }
  if (unread.length === 0) return undefined;
  const shown = unread.length > 8
    ? `${unread.slice(0, 8).join(", ")} and ${unread.length - 8} more`
    : unread.join(", ");
  return [
    { kind: "unread" },
    `it finished in an earlier run, and what has come since stays unread: ${shown}. Start it with reset to say from where ` +
    `to process the input anew, or run it under another name; without until: "end" a job reads on for ever`,
  ];
}

/** The offsets of the inputs. Those of hops are of no interest to users: nothing in a hop stays unread. */
function inputOffsets({ runner }: OwnedTask): StartOffset[] {
  return runner.queues.filter(({ hop }) => !hop).map(({ topic, partition, position }) => ({
    ...{ topic, partition, offset: position },
  }));
}

/** Explains the end of a job whose results are refused for good. Returns every other error unchanged. */
export function explainRefused(job: string, error: Error): Error {
  if (!(error instanceof RefusedError)) return error;
  return new Error(
    `Job ${job} stopped, because ${error.message}. Nothing is lost: the checkpoint holds what is not published yet, and the next start ` +
      `publishes it. Correct that and start the job again, or start it with unpublishable: deadLetter(sink), which moves such results ` +
      `out of the way`,
    { cause: error },
  );
}

/** Explains why a task stopped, with the record and the stage. */
export function explain(job: string, owned: OwnedTask, failure: TaskFailure): Error {
  const { error, stage, kind } = failure;
  const { failedAt } = owned.runner;
  const where = failedAt === undefined ? `task ${owned.number}` : positionOf(letterRecord(failedAt));
  const message = brief(error.message).replace(/\.$/, "");
  const unsafe = kind === "async"
    ? " The checkpoint is marked unsafe; start the corrected job with reset to say from where to read anew."
    : "";
  const inside = stage === "" ? "" : ` in ${stage}`;
  return new Error(
    `Job ${job} stopped at ${where}${inside}${duringWhat(owned, failure)}: ${message}.${CURES[kind]}${unsafe}`,
    { cause: error },
  );
}

const CORRECT = "or give onError a deadLetter(sink), and start the job again.";

const CURES: Readonly<Record<TaskFailure["kind"], string>> = {
  user: ` Correct the function, ${CORRECT}`,
  firing: ` Correct the function, ${CORRECT}`,
  result: ` Correct the sink's value, ${CORRECT}`,
  state: ` Keep plain data of a bounded size, ${CORRECT}`,
  misuse: "",
  call:
    ' The next start calls it again. To go on without it, give asyncMap onFailure: "deadLetter" and the job onError: deadLetter(sink).',
  async: "",
};

/** What the task was doing: the record, or without one the window or timer, or the offsets between which it was. */
function duringWhat(owned: OwnedTask, { kind, pane }: TaskFailure): string {
  if (pane?.call !== undefined) return "";
  const of = pane === undefined ? "" : ` of key ${JSON.stringify(brief(String(pane.key)))} at ${pane.namespace}`;
  const what = pane?.timer === undefined ? "window" : "timer";
  if (kind === "firing") return ` while the ${what}${of} fired`;
  if (kind === "result") {
    return pane === undefined ? " while a result was encoded" : ` while the ${what}'s result${of} was encoded`;
  }
  if (kind !== "state") return "";
  const before = owned.checkpoint.head.offsets;
  const read = owned.offsets().filter(({ topic, partition, offset }) => offset > (before[topic]?.[partition] ?? 0));
  const spans = read.map(({ topic, partition, offset }) =>
    `${topic}/${partition}@${before[topic]?.[partition] ?? 0} to @${offset - 1}`
  );
  const shown = spans.length > 8 ? `${spans.slice(0, 8).join(", ")} and ${spans.length - 8} more` : spans.join(", ");
  return ` while its epoch was cut${shown === "" ? "" : ` (${shown})`}`;
}
