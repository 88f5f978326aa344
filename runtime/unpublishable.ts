/**
 * Makes the dead letters that replace committed results which the broker refuses for good.
 *
 * @module
 */
import { type LetterMaker, RefusedError } from "../connectors/connector.ts";
import { RecordRows } from "../connectors/record_rows.ts";
import type { OpenJob } from "./opening.ts";
import type { Settings } from "./options.ts";
import { sinkKey } from "./outputs.ts";

/** How many different reasons are logged. */
const REASONS_TOLD = 20;

/** Creates the function that makes the dead letters, if the job has a sink for them. Each reason is logged once. */
export function letterMaker({ unpublishable, name, clock, events }: Settings, open: OpenJob): LetterMaker | undefined {
  if (unpublishable === undefined) return undefined;
  const { sink: spec } = unpublishable;
  const { info, delivery } = open.sinks.get(sinkKey(spec))!;
  if (open.delivery !== undefined && delivery !== open.delivery) {
    throw new TypeError(
      `Cannot run job ${name}: unpublishable results go out with the others of their transaction, so their sink "${spec.topic}" ` +
        `must be on the same Kafka cluster`,
    );
  }
  const told = new Set<string>();
  const hops = new Set(open.hops?.hops.map(({ topic }) => topic));
  return (row, reason) => {
    // A value on its way to another task is no result: without it the results behind the hop would be wrong.
    if (hops.has(row.topic)) throw new RefusedError(`a value for the hop "${row.topic}" is refused: ${reason}`);
    if (!told.has(reason) && told.size < REASONS_TOLD) {
      told.add(reason);
      events.tell(
        { kind: "unpublishable", topic: row.topic, to: spec.topic },
        `results for topic "${row.topic}" go to "${spec.topic}", because they can never be published: ${reason}`,
      );
    }
    return new RecordRows({ spec, info, taskNumber: row.partition, now: clock.now }).unpublishable(row, reason);
  };
}
