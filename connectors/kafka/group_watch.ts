/**
 * Detects what the group does not tell its members: that a topic has more partitions now, and that members which are no
 * workers of the job have some of its partitions.
 *
 * The watch runs when a generation begins, and from time to time while it lasts. The job goes on meanwhile, with the
 * partitions that it was created with and the tasks that it has.
 *
 * @module
 */

import type { TimerClock } from "../../base/clock.ts";
import type { ReaderOptions, TaskLayout } from "../connector.ts";
import { taskNumbers, wholeTasks } from "./assignment.ts";
import type { GroupMember, Line } from "./driver.ts";
import { GROUP_WATCH_INTERVAL } from "./limits.ts";
import { pause } from "../../base/backoff.ts";
import type { Trouble } from "./trouble.ts";

/** Watches one generation. */
export class GroupWatch {
  readonly #line: Line;
  readonly #options: ReaderOptions;
  readonly #trouble: Trouble;
  readonly #clock: TimerClock;

  constructor(line: Line, { options, trouble, clock }: {
    readonly options: ReaderOptions;
    readonly trouble: Trouble;
    readonly clock: TimerClock;
  }) {
    this.#line = line;
    this.#options = options;
    this.#trouble = trouble;
    this.#clock = clock;
  }

  /**
   * Watches until the signal is aborted.
   *
   * @param ours whether a worker of the job made the generation's assignment
   */
  async run(ours: boolean, signal: AbortSignal): Promise<void> {
    if (ours) this.#trouble.works("members");
    while (!signal.aborted) {
      try {
        await this.#lookAtTopics(signal);
        if (!ours) await this.#lookAtMembers(signal);
      } catch {
        // Heartbeats and fetches report brokers that do not answer.
      }
      await pause(this.#clock, GROUP_WATCH_INTERVAL, signal);
    }
  }

  async #lookAtTopics(signal: AbortSignal): Promise<void> {
    const grown: string[] = [];
    const { partitions, broadcast } = this.#options.layout;
    for (const [topic, made] of partitions) {
      const count = (await this.#line.places(topic))?.length ?? 0;
      if (count > made) grown.push(describeGrowth(topic, { made, count, broadcast: broadcast.has(topic) }));
    }
    if (signal.aborted) return;
    if (grown.length === 0) this.#trouble.works("partitions");
    else this.#trouble.tell("partitions", new Error(grown.join("; and ")));
  }

  async #lookAtMembers(signal: AbortSignal): Promise<void> {
    const members = await this.#line.members(this.#options.group);
    if (!signal.aborted) this.#trouble.tell("members", new Error(describeStrangers(members, this.#options)));
  }
}

function describeGrowth(
  topic: string,
  { made, count, broadcast }: { readonly made: number; readonly count: number; readonly broadcast: boolean },
): string {
  const more = count - made === 1 ? `partition ${made} is` : `partitions ${made} to ${count - 1} are`;
  if (broadcast) {
    return `topic ${topic}, of which every task reads all, has ${count} partitions, and this worker was started with ${made}: ${more} ` +
      `not read yet. Start the workers again, and every task reads what is new from its beginning`;
  }
  return `topic ${topic} has ${count} partitions, and the job was made with ${made}: ${more} read by nobody, and keys have moved ` +
    `between its partitions. Bring the records into a topic with ${made} partitions, or start the job under a new name, which ` +
    `reads its input anew; started again under its own name it will refuse the grown topic`;
}

/** Describes the other members, and the tasks that have no worker because of them. */
export function describeStrangers(
  members: readonly GroupMember[],
  { group, layout }: { readonly group: string; readonly layout: TaskLayout },
): string {
  const strangers = members.filter(({ protocol }) => protocol === "consumer");
  const worked = new Set(
    members.filter(({ protocol }) => protocol !== "consumer").flatMap(({ partitions }) =>
      taskNumbers(wholeTasks(partitions, layout), layout)
    ),
  );
  const missing = layout.tasks.filter((task) => !worked.has(task));
  const who = strangers.length === 0 ? "" : ` (${strangers.map(describeMember).join(", ")})`;
  const idle = members.length === 0
    ? "tasks may have no worker"
    : missing.length === 0
    ? "no task is without a worker just now"
    : missing.length === 1
    ? `task ${missing[0]} has no worker`
    : `tasks ${missing.join(", ")} have no worker`;
  return `the consumer group "${group}" has members that are no workers of this job${who}, so Kafka shares the partitions ` +
    `out by itself, and ${idle}. End those consumers, or give them a group of their own: the job then takes all its tasks again`;
}

/** Describes a member in a message. */
export function describeMember({ client, host, partitions }: GroupMember): string {
  const some = [...partitions].flatMap(([topic, numbers]) => numbers.map((number) => `${topic}/${number}`));
  const has = some.length === 0
    ? ""
    : `, which has ${some.slice(0, 4).join(", ")}${some.length > 4 ? " and more" : ""}`;
  return `${client || "a consumer"} at ${host.replace(/^\//, "")}${has}`;
}
