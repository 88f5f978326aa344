/**
 * Rights, limits and topics that change while the job runs. Each time the job must say so within 15 seconds, in a
 * sentence. Nothing may stand still silently, and after the change all results must be there exactly once.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { guarded } from "./campaign.ts";
import { saysOf } from "./changes.ts";
import type { Change, WorldAct, WorldFault } from "./faults.ts";
import { SHUT_OUT } from "./impostor.ts";
import type { Scenario } from "./scenario.ts";
import { SILENT_MS } from "./silence.ts";
import type { Outcome } from "./outcome.ts";

/** When the change begins, and how long it lasts, in milliseconds. */
const [AT, LASTS] = [1500, 25_000];

const BASE: Scenario = {
  ...{ seed: 2, partitions: 2, workers: 2, named: true, tasks: "perPartition", records: 60, inputMs: 3000 },
  ...{ transactional: false, untilEnd: false, counts: "every", windows: true, padding: 0, badEvery: 12 },
  ...{ brokers: 1, onMissing: "stop", faults: [] },
};

const HOUR_MS = "3600000";
const CHANGES: Record<string, Change> = {
  "WRITE on an output topic is denied": { change: "deny", right: { to: "write", topic: "counts" } },
  "READ on the input topic is denied": { change: "deny", right: { to: "read", topic: "events" } },
  "the consumer groups are denied": { change: "deny", right: { to: "use groups" } },
  "the transactional ids are denied": { change: "deny", right: { to: "use transactional ids" } },
  "max.message.bytes of an output topic is lowered below its results": {
    ...{ change: "configure", topic: "counts", config: { "max.message.bytes": "120" } },
  },
  "an output topic takes no results as old as these": {
    ...{ change: "configure", topic: "activity", config: { "message.timestamp.before.max.ms": HOUR_MS } },
  },
};

/** What else happens during the change. */
const MEANWHILE: Record<string, readonly WorldFault[]> = {
  "while the job runs": [],
  "while a worker is killed and started again": [inTime(6000, { do: "kill", worker: 0, restart: 300 })],
  "while the brokers are away for a moment": [inTime(6000, { do: "down", ms: 2000 })],
};

/** What else happens where two are started together. */
const TOGETHER: Record<string, readonly WorldFault[]> = {
  "while nothing else happens": [],
  "while the group's coordinator is being loaded": [inTime(0, { do: "load", ms: 1500 })],
  "while the brokers are away for a moment": [inTime(400, { do: "down", ms: 2000 })],
};

function inTime(at: number, act: WorldAct): WorldFault {
  return { on: "time", at, act };
}

function run(what: Change, others: readonly WorldFault[] = [], base: Partial<Scenario> = {}): Promise<Outcome> {
  const change = inTime(AT, { do: "change", what, ms: LASTS });
  return guarded({ ...BASE, ...base, faults: [change, ...others] }, true);
}

/** Lines that a job logs or ends with, and their times in milliseconds. */
function told({ lines }: Outcome, says: RegExp): { readonly at: number; readonly line: string }[] {
  return lines.filter((line) => / (says:|ends with) /.test(line) && says.test(line))
    .map((line) => ({ at: parseFloat(line) * 1000, line }));
}

describe("a simulated job whose world changes", () => {
  for (const [sentence, change] of Object.entries(CHANGES)) {
    for (const [when, faults] of Object.entries(MEANWHILE)) {
      it(`says what it waits for and goes on afterwards where ${sentence} ${when}`, async () => {
        const outcome = await run(change, faults);
        assertEquals(outcome.failure, undefined);
        const [first] = told(outcome, saysOf(change));
        assert(first !== undefined, `nothing was said of it, like ${saysOf(change)}`);
        assert(first.at <= AT + SILENT_MS, `it was said late: ${first.line}`);
      });
    }
  }

  it("says which timeout the broker does not take where a worker is started while it takes none as long as the job's", async () => {
    const what = { change: "limit transactions", timeout: 8000 } as const;
    const outcome = await run(what, [inTime(6000, { do: "kill", worker: 0, restart: 300 })], { workers: 1 });
    assertEquals(outcome.failure, undefined);
    const [first] = told(outcome, saysOf(what));
    assert(first !== undefined && first.at <= 6300 + SILENT_MS, `nothing was said of it in time: ${first?.line}`);
  });

  it("needs no word where a topic's configuration may no longer be described", async () => {
    const outcome = await run({ change: "deny", right: { to: "describe configs", topic: "counts" } });
    assertEquals(outcome.failure, undefined);
  });

  it("sends smaller batches where max.message.bytes of an output topic is lowered", async () => {
    const what = { change: "configure", topic: "counts", config: { "max.message.bytes": "400" } } as const;
    const outcome = await run(what, [], { records: 200 });
    assertEquals(outcome.failure, undefined);
  });

  it("says that records without a key are refused where an output topic becomes a compacted one, and goes on afterwards", async () => {
    const what = { change: "configure", topic: "counts", config: { "cleanup.policy": "compact" } } as const;
    const outcome = await run(what, [], { keyless: true });
    assertEquals(outcome.failure, undefined);
    const [first] = told(outcome, saysOf(what));
    assert(first !== undefined && first.at <= AT + SILENT_MS, `nothing was said of it in time: ${first?.line}`);
  });

  it("says which topic has fewer partitions than it had, and publishes what waits when they are back", async () => {
    const what = { change: "remake", topic: "counts", partitions: 1 } as const;
    const outcome = await run(what, [], { partitions: 3, records: 200 });
    assertEquals(outcome.failure, undefined);
    const [first] = told(outcome, saysOf(what));
    assert(first !== undefined && first.at <= AT + SILENT_MS, `nothing was said of it in time: ${first?.line}`);
  });

  it("says at once that its input has more partitions, and goes on with those that it was made with when workers leave", async () => {
    const what = { change: "grow", partitions: 3 } as const;
    const outcome = await run(what, [inTime(9000, { do: "leave", worker: 1 })], { records: 400, inputMs: 20_000 });
    assertEquals(outcome.failure, undefined);
    const [first] = told(outcome, saysOf(what));
    assert(first !== undefined && first.at <= AT + SILENT_MS, `nothing was said of it in time: ${first?.line}`);
  });

  it("says that results ahead of the present are refused where an output topic takes them no longer, and goes on afterwards", async () => {
    const config = { "message.timestamp.after.max.ms": "3000" };
    const what = { change: "configure", topic: "counts", config } as const;
    const outcome = await run(what, [], { ahead: true });
    assertEquals(outcome.failure, undefined);
    const [first] = told(outcome, saysOf(what));
    assert(first !== undefined && first.at <= AT + SILENT_MS, `nothing was said of it in time: ${first?.line}`);
  });

  for (const commit of [true, false]) {
    const how = commit ? "is committed" : "is aborted";
    const what = { change: "hold", partition: 0, commit } as const;

    it(`says whose open transaction holds its input back, and reads on when that ${how}`, async () => {
      for (const [when, faults] of Object.entries(MEANWHILE)) {
        const outcome = await run(what, faults);
        assertEquals(outcome.failure, undefined, when);
        const [first] = told(outcome, saysOf(what));
        assert(first !== undefined && first.at <= AT + SILENT_MS, `it was not said in time ${when}: ${first?.line}`);
        assertStringIncludes(first.line, 'by an open transaction of "guest-0-');
      }
    });

    it(`does not end before what an open transaction holds back, says so, and ends when that ${how}`, async () => {
      const held = inTime(0, { do: "change", what, ms: LASTS });
      const outcome = await guarded({ ...BASE, untilEnd: true, inputMs: 0, faults: [held] }, true);
      assertEquals(outcome.failure, undefined);
      const [first] = told(outcome, saysOf(what));
      assert(first !== undefined && first.at <= SILENT_MS, `nothing was said of it in time: ${first?.line}`);
      const ends = outcome.lines.filter((line) => / w0\.\d+ +has finished/.test(line)).map((line) => parseFloat(line));
      assertEquals(ends.length, 1);
      assert(ends[0] * 1000 > LASTS, `it finished after ${ends[0]} s`);
    });
  }

  it("ends and is started again for as long as its input is denied, which is told apart from a start that failed", async () => {
    const { failure, counts } = await run({ change: "deny", right: { to: "read", topic: "events" } });
    assertEquals(failure, undefined);
    assert(counts.told > 2, `${counts.told} ends were told`);
    assertEquals(counts.restarts, 0);
  });

  it("lets nobody in who runs it on another store, who is told so", async () => {
    const scenario = { ...BASE, records: 200, inputMs: 8000, faults: [inTime(2000, { do: "impostor" })] };
    const outcome = await guarded(scenario, true);
    assertEquals(outcome.failure, undefined);
    assertEquals(outcome.lines.filter((line) => line.includes("the impostor is refused")).length, 1);
  });

  for (const [sentence, others] of Object.entries(TOGETHER)) {
    it(`is let in on one store alone where two are started together ${sentence}, and the other is told why`, async () => {
      const won = { own: 0, other: 0 };
      for (let seed = 1; seed <= 12; seed++) {
        const faults = [inTime(0, { do: "impostor" }), ...others];
        const { failure, lines } = await guarded({ ...BASE, seed, workers: 1 + seed % 2, faults }, true);
        assertEquals(failure, undefined, `seed ${seed}`);
        const told = lines.filter((line) => /the impostor is (refused|let in)/.test(line));
        assertEquals(told.length, 1, `seed ${seed}`);
        assertMatch(told[0], SHUT_OUT);
        won[told[0].includes("the impostor is refused") ? "own" : "other"]++;
      }
      assert(won.own > 0 && won.other > 0, `the same one was let in each time: ${JSON.stringify(won)}`);
    });
  }
});
