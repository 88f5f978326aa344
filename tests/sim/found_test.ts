/** What the simulator has found in the engine, each as the smallest run that showed it. */
import { assertEquals } from "@std/assert";
import { guarded } from "./campaign.ts";
import { scenarioOf } from "./draws.ts";
import type { Fault } from "./faults.ts";
import { resetScenarioOf } from "./resets.ts";
import { type Scenario, withFamilies } from "./scenario.ts";

/** A job of windows and counts over an input that is there from the beginning. */
const JOB: Omit<Scenario, "seed" | "faults"> = {
  partitions: 4,
  workers: 2,
  named: true,
  tasks: "perPartition",
  records: 120,
  inputMs: 0,
  transactional: true,
  untilEnd: false,
  counts: "every",
  windows: true,
  padding: 0,
  badEvery: 0,
  brokers: 1,
  onMissing: "stop",
};

const PAUSED: Fault[] = [{
  ...{ on: "call", worker: 0, target: "markers", nth: 2 },
  act: { do: "pause", when: "asking", ms: 11_199 },
}];

const FOUND: Record<string, Scenario> = {
  "a worker lives on when the group changes while it takes its tasks over": {
    ...{ ...JOB, seed: 62, partitions: 3, workers: 3, records: 106, untilEnd: true, faults: [] },
  },
  "a worker lives on when others have its tasks after it stood still in a takeover": {
    ...{ ...JOB, seed: 5, workers: 3, records: 129, untilEnd: true, faults: PAUSED },
  },
  "a worker that stood still does not take another one's marker for a sign of an older store": {
    ...{ ...JOB, seed: 340, records: 123 },
    faults: [
      { on: "call", worker: 1, target: "any", nth: 53, act: { do: "pause", when: "asking", ms: 14_495 } },
      { on: "call", worker: 0, target: "any", nth: 1, act: { do: "kill", when: "asking", restart: 278, late: 0 } },
    ],
  },
  "a quiet task's outbox is emptied also where its results were published before it was taken over": {
    ...{ ...JOB, seed: 218, partitions: 2, workers: 1, named: false, records: 44, inputMs: 364, transactional: false },
    faults: [
      { on: "call", worker: 0, target: "transaction", nth: 78, act: { do: "stop", restart: 159 } },
      { on: "time", at: 708, act: { do: "kill all", restart: 1514 } },
    ],
  },
  "a worker does not call the job finished while a member that nobody is has some of its tasks": {
    ...{ ...JOB, seed: 1_001_343, partitions: 2, workers: 1, records: 25, untilEnd: true, transactional: false },
    faults: [{ on: "call", worker: 0, target: "group", nth: 2, act: { do: "late", ms: 48 } }],
  },
  "a task that was found lost while a transaction is under way is no reason to commit again and again": {
    ...{ ...JOB, seed: 19, partitions: 3, records: 88, inputMs: 529, counts: "latest" },
    faults: [{
      ...{ on: "call", worker: 0, target: "commit", nth: 19 },
      act: { do: "pause", when: "answered", ms: 17_074, until: "markers", holds: 5 },
    }],
  },
  "a partition is read again when its task was lost at its end, and is taken again by the same process": withFamilies(
    scenarioOf(34),
    ["prices"],
  ),
  "a worker that was started with a reset does not reset once more what another one has reset meanwhile": withFamilies(
    resetScenarioOf(72),
    ["places", "stays", "trips"],
  ),
  "tasks are read also where the broker does not answer what is only told, at the end of a takeover that lasted too long":
    {
      ...{ ...JOB, seed: 7_001_835, partitions: 2, workers: 1, records: 46, transactional: false, counts: "latest" },
      ...{ brokers: 3, onMissing: "skip", families: ["heard", "carts", "naps", "overlaps", "pairs"] },
      faults: [
        { on: "call", worker: 0, target: "kv", nth: 19, act: { do: "pause", when: "asking", ms: 10_046 } },
        { on: "call", worker: 0, target: "markers", nth: 3, act: { do: "lose request" } },
      ],
    },
  "a job is reset also where other workers had all tasks when the one with the reset came": withFamilies(
    resetScenarioOf(30_000_832),
    ["stays"],
  ),
  "an item that comes back at an earlier time than it had before ends by its own time": {
    ...withFamilies(scenarioOf(2_078_800_341), ["leaders"]),
    faults: [],
  },
  "a task goes on where an epoch that is processed again is larger than an epoch may be": withFamilies(
    scenarioOf(120_503_699),
    ["updates", "answers", "places", "prices", "refusals"],
  ),
  "a session has its last result also where it fires in an epoch that is undone and repeated": {
    ...withFamilies(scenarioOf(120_300_252), ["sliding", "answers", "partners", "stays", "refusals", "sessions"]),
    faults: [],
  },
};

for (const [sentence, scenario] of Object.entries(FOUND)) {
  Deno.test(`In the simulated world ${sentence}`, async () => {
    assertEquals((await guarded(scenario)).failure, undefined);
  });
}
