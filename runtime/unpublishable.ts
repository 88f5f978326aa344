/**
 * What stands in for a result that is committed and that the broker refuses for good.
 *
 * @module
 */
import type { LetterMaker } from "../connectors/connector.ts";
import type { OpenJob } from "./opening.ts";
import type { Settings } from "./options.ts";
import { sinkKey } from "./outputs.ts";
import { encodeUnpublishable } from "./results.ts";

/** How many different reasons are told. */
const REASONS_TOLD = 20;

/** Makes the dead letters of results, where the job has a sink for them. Each reason is told once. */
export function letterMaker({ unpublishable, name, clock, log }: Settings, open: OpenJob): LetterMaker | undefined {
  if (unpublishable === undefined) return undefined;
  const { sink: spec } = unpublishable;
  const { info } = open.sinks.get(sinkKey(spec))!;
  const told = new Set<string>();
  return (row, reason) => {
    if (!told.has(reason) && told.size < REASONS_TOLD) {
      told.add(reason);
      log(
        `Job ${name}: results for topic "${row.topic}" go to "${spec.topic}", because they can never be published: ${reason}`,
      );
    }
    return encodeUnpublishable({ spec, info, taskNumber: row.partition, now: clock.now }, row, reason);
  };
}
