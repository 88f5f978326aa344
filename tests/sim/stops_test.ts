/**
 * A worker that is stopped ends in time, whatever the brokers do. The next start publishes what was left unpublished.
 */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { guarded } from "./campaign.ts";
import type { WorldAct, WorldFault } from "./faults.ts";
import type { Scenario } from "./scenario.ts";
import { STOP_MS } from "./world.ts";

const BASE: Scenario = {
  ...{ seed: 4, partitions: 2, workers: 1, named: true, tasks: "perPartition", records: 80, inputMs: 4000 },
  ...{ transactional: false, untilEnd: false, counts: "every", windows: true, padding: 0, badEvery: 0 },
  ...{ brokers: 1, onMissing: "stop", faults: [] },
};

const OBSTACLES: Record<string, WorldAct> = {
  "the brokers are away": { do: "down", ms: 30_000 },
  "results are refused": {
    ...{ do: "change", ms: 30_000 },
    what: { change: "deny", right: { to: "write", topic: "counts" } },
  },
  "its transactional id is refused": {
    ...{ do: "change", ms: 30_000 },
    what: { change: "deny", right: { to: "use transactional ids" } },
  },
  "the consumer group is refused": { do: "change", ms: 30_000, what: { change: "deny", right: { to: "use groups" } } },
  "coordinators are being loaded": { do: "load", ms: 30_000 },
};

function inTime(at: number, act: WorldAct): WorldFault {
  return { on: "time", at, act };
}

describe("a simulated worker that is asked to stop", () => {
  for (const [sentence, obstacle] of Object.entries(OBSTACLES)) {
    it(`ends within its time while ${sentence}, and nothing is lost or comes twice`, async () => {
      const faults = [inTime(1500, obstacle), inTime(4000, { do: "stop", worker: 0, restart: 300 })];
      const { failure, longestStop, counts } = await guarded({ ...BASE, faults }, true);
      assertEquals(failure, undefined);
      assert(longestStop <= STOP_MS, `it took ${longestStop} ms`);
      assert(counts.stops + counts.restarts + counts.told > 0, "it was stopped, or had ended by itself");
    });
  }
});
