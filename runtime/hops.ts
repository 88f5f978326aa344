/**
 * The hops of a job: what the plan knows of them, which tasks send into each, and how often they send watermarks.
 *
 * @module
 */
import type { Connector, RecordSink, SourceSpec, TaskLayout } from "../connectors/connector.ts";
import type { HopRequest } from "../operators/_task.ts";
import { type Carried, HOP_HEADER } from "./hop_records.ts";
import { HOP_INTERVAL } from "./limits.ts";

/** A hop as the job was planned. */
export interface HopPlan extends Pick<HopRequest, "identity" | "name" | "partitions" | "broadcast" | "above"> {
  /** Its topic, on the connector of the inputs. */
  readonly topic: string;
  /** What its tasks read. */
  readonly source: SourceSpec;
  /** What its tasks write. */
  readonly sink: RecordSink<Carried>;
}

/** The longest suffix in the names of a hop's clocks: a hop that has come back to the pipeline appends its run. */
export const LONGEST_LIFE = " 01234567";

/** The topic of a hop. A hop's name has no dots, so two jobs never share one. */
export function hopTopic(job: string, name: string): string {
  return `${job}.${name}.repartition`;
}

/** Completes the hops that were found, once it is known where the inputs are. */
export function planHops(found: readonly (HopRequest & { readonly topic: string })[], connector: Connector): HopPlan[] {
  return found.map(({ identity, name, partitions, broadcast, above, topic }) => ({
    ...{ identity, name, partitions, broadcast, above, topic },
    source: {
      ...{ connector, topic },
      decode() {
        throw new TypeError(`Topic "${topic}" belongs to a hop`);
      },
    },
    sink: {
      ...{ connector, topic },
      value: ({ value }) => value,
      key: ({ key }) => key,
      headers: ({ header }) => [[HOP_HEADER, header]],
      partition: ({ partition }) => partition,
    },
  }));
}

/** How many hops a value crosses at most. */
export function depthOf(hops: readonly Pick<HopPlan, "topic" | "above">[]): number {
  const depth = (topics: readonly string[]): number =>
    Math.max(0, ...hops.filter(({ topic }) => topics.includes(topic)).map(({ above }) => 1 + depth(above)));
  return depth(hops.map(({ topic }) => topic));
}

/** The tasks that send into a hop: those that have a partition of something above it. */
export function sendersOf({ above }: Pick<HopPlan, "above">, { tasks, inputsOf }: TaskLayout): number[] {
  return tasks.filter((task) => inputsOf(task).some(({ topic }) => above.includes(topic)));
}

/**
 * How often a task sends a risen watermark into a hop, in milliseconds. So all of its senders together send a bounded
 * number of control records.
 */
export function hopInterval(senders: number, partitions: number): number {
  return Math.max(HOP_INTERVAL.least, Math.max(senders, partitions) * HOP_INTERVAL.each);
}
