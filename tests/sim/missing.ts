/**
 * What a run still waits for that has not come to its end in time, in words.
 *
 * @module
 */
import type { Heads } from "./heads.ts";
import type { SimCluster } from "./kafka/cluster.ts";
import { hopTopicsOf } from "./families/all.ts";
import { JOB } from "./pipelines.ts";
import type { Scenario } from "./scenario.ts";
import { INPUT } from "./traffic.ts";
import type { SimWorker } from "./worker.ts";

/** All of a run that has not come to its end in so many virtual milliseconds. */
export function whatIsMissing({ ms, heads: watched, workers: all, kafka, scenario }: {
  readonly ms: number;
  readonly heads: Heads;
  readonly workers: readonly SimWorker[];
  readonly kafka: SimCluster;
  readonly scenario: Scenario;
}): string {
  const heads = [...watched.tasks].map(([task, { head }]) =>
    `task ${task}: epoch ${head?.epoch}, offsets ${
      JSON.stringify(head?.offsets)
    }, ${head?.outbox.length} epochs unpublished${head?.finished ? ", finished" : ""}, clocks ${
      JSON.stringify(head?.clocks)
    }, ended ${JSON.stringify(head?.extensions)}`
  );
  const workers = all.map(({ process, well, troubled }) =>
    `${process?.name}: ${well ? "well" : "not well"}${troubled ? ", and has said that it waits" : ""}`
  );
  return [
    `after ${ms} ms the end was not reached`,
    ...workers,
    ...heads,
    `markers ${JSON.stringify([...watched.markers()])}`,
    `input ${JSON.stringify(kafka.bounds(INPUT))}`,
    ...hopTopicsOf(scenario, JOB).map((topic) => `${topic} ${JSON.stringify(kafka.bounds(topic))}`),
    `open transactions ${JSON.stringify(kafka.openTransactions())}`,
  ].join("\n  ");
}
