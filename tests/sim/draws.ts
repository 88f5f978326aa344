/**
 * Draws a run from its seed: the job, its input, and its faults.
 *
 * @module
 */
import { changesOf } from "./change_draws.ts";
import type { CallAct, Disaster, Fault, Target, WorldAct } from "./faults.ts";
import { drawFamilies, familiesOf } from "./families/all.ts";
import { OUTPUTS } from "./pipelines.ts";
import { type Dice, diceOf, type Drawn, type Scenario } from "./scenario.ts";
import { INPUT } from "./traffic.ts";

/** Draws a run. */
export function scenarioOf(seed: number): Scenario {
  const dice = diceOf(seed);
  const { chance, whole } = dice;
  const untilEnd = chance(0.2);
  const big = chance(0.12);
  const single = chance(0.1);
  const workers = chance(0.4) ? 1 : chance(0.7) ? 2 : 3;
  const counts = big || single ? "every" : chance(0.7) ? "every" : chance(0.6) ? "latest" : undefined;
  const records = big ? whole(10, 40) : whole(20, 160);
  const partitions = whole(2, 4);
  const scenario = {
    seed,
    partitions,
    workers,
    named: chance(0.75),
    tasks: single ? "single" : "perPartition",
    records,
    inputMs: untilEnd || chance(0.15) ? 0 : whole(300, 3000),
    transactional: chance(0.2),
    untilEnd,
    counts,
    windows: counts === undefined || chance(0.75),
    padding: big ? whole(20_000, 90_000) : 0,
    badEvery: chance(0.25) ? whole(8, 30) : 0,
  } as const;
  const faults = faultsOf(scenario, dice);
  const more = moreFaultsOf(scenario, faults, dice);
  // When one task reads several partitions, their interleaving decides the results of most families.
  const families = single ? [] : drawFamilies(seed);
  const ahead = diceOf(seed ^ 0xa4ead).chance(0.2);
  const drawn = { ...scenario, ...more, families, ahead };
  const own = ahead ? faults.map(withLessAhead) : faults;
  return { ...drawn, faults: [...own, ...more.faults, ...changesOf(scenario), ...rowFaultsOf(drawn)] };
}

/** About how many requests of a kind a run has. */
const REACH: Record<Target, number> = {
  any: 600,
  kv: 120,
  commit: 60,
  rows: 12,
  transaction: 120,
  end: 30,
  producer: 4,
  markers: 4,
  group: 25,
  step: 1200,
};

/** Requests of a successor during its takeover. */
const TAKING: readonly Target[] = ["producer", "markers", "transaction", "end"];
const TARGETS: readonly Target[] = ["any", "kv", "commit", "transaction", "end", "producer", "markers", "group"];
const ACTS: readonly CallAct["do"][] = [
  ...(["kill", "kill", "kill", "pause", "pause", "lose request", "lose reply", "lose reply"] as const),
  ...(["late", "repeat", "slow", "locked", "stop"] as const),
];

function faultsOf({ workers, untilEnd, inputMs }: Drawn, dice: Dice): Fault[] {
  const { random, chance, whole } = dice;
  if (chance(0.03)) return [];
  const faults: Fault[] = [];
  // Each run uses a subset of acts and targets, so that rare combinations occur too.
  const acts = ACTS.filter(() => chance(0.5));
  const targets = TARGETS.filter(() => chance(0.5));
  const most = chance(0.2) ? 12 : 5;
  for (let left = acts.length === 0 || targets.length === 0 ? 0 : whole(1, most); left > 0; left--) {
    const target = targets[Math.floor(random() * targets.length)];
    const act = actOf(acts[Math.floor(random() * acts.length)], dice);
    const kv = target === "kv" || target === "commit";
    // Only a KV client repeats, and only a KV file is locked.
    if ((act.do === "repeat" || act.do === "locked") && !kv) continue;
    const nth = 1 + Math.floor(random() ** 2 * REACH[target]);
    faults.push({ on: "call", worker: whole(0, workers - 1), target, nth, act });
  }
  if (chance(0.25)) faults.push(inTime(whole(0, 4000), { do: chance(0.5) ? "down" : "load", ms: whole(5, 5000) }));
  if (chance(0.1)) faults.push(inTime(whole(0, 3000), { do: "jump", worker: 0, ms: whole(-7_200_000, MOST_AHEAD) }));
  if (workers > 1 && chance(0.15)) faults.push(duel(workers, dice));
  if (chance(0.12)) faults.push(...disaster(dice, untilEnd ? 1500 : Math.max(inputMs, 500)));
  return faults;
}

/**
 * How far a worker's clock may be ahead, in milliseconds. A broker rightly refuses what is dated more than an hour after its
 * own clock.
 */
const MOST_AHEAD = 3_300_000;

/**
 * The same where events lie ahead of the present: results are dated as far ahead of the worker's clock as their topic takes
 * them, less a minute.
 */
const MOST_AHEAD_OF_EVENTS = 55_000;

function withLessAhead(fault: Fault): Fault {
  if (fault.on !== "time" || fault.act.do !== "jump" || fault.act.ms <= MOST_AHEAD_OF_EVENTS) return fault;
  return { ...fault, act: { ...fault.act, ms: fault.act.ms % MOST_AHEAD_OF_EVENTS } };
}

/** Faults at any step of a worker, faults of partitions and their leaders, and faults that days bring. */
function moreFaultsOf({ workers, partitions, untilEnd, inputMs, tasks }: Drawn, drawn: readonly Fault[], dice: Dice) {
  const { random, chance, whole } = dice;
  const brokers = chance(0.4) ? 3 : 1;
  const onMissing: Scenario["onMissing"] = chance(0.5) ? "skip" : "stop";
  const faults: Fault[] = [];
  const ms = untilEnd ? 1500 : Math.max(inputMs, 500);
  for (let left = chance(0.4) ? whole(1, 3) : 0; left > 0; left--) {
    const nth = 1 + Math.floor(random() ** 2 * REACH.step);
    faults.push({
      ...{ on: "call", worker: whole(0, workers - 1), target: "step", nth },
      act: actOf(chance(0.6) ? "kill" : "pause", dice),
    });
  }
  // A Kafka client gives up hanging requests itself. For the KV the store has to do it.
  if (chance(0.1)) {
    const nth = whole(1, REACH.kv);
    faults.push({ on: "call", worker: whole(0, workers - 1), target: "kv", nth, act: { do: "hang" } });
  }
  for (let left = chance(0.25) ? whole(1, 5) : 0; left > 0; left--) {
    const topic = chance(0.4) ? INPUT : OUTPUTS[whole(0, OUTPUTS.length - 1)];
    const act = {
      do: "move",
      topic,
      partition: whole(0, partitions - 1),
      ms: chance(0.5) ? 0 : whole(1, 3000),
    } as const;
    faults.push(inTime(whole(0, ms + 2000), act));
  }
  // A restored copy of the store may need the input before the heads.
  const first = !drawn.some(({ act }) => act.do === "kill all");
  if (first && chance(0.15)) faults.push(inTime(whole(ms / 4, 2 * ms), { do: "age", what: "input" }));
  // An older store than the one whose markers the broker has forgotten cannot be detected.
  const copied = drawn.some(({ act }) => act.do === "copy");
  if (!copied && chance(0.15)) faults.push(inTime(whole(ms / 2, ms + 3000), { do: "age", what: "markers" }));
  if (first && chance(0.15)) {
    const befalls: Disaster[] = ["expired", "expired", "trimmed", "trimmed", "remade"];
    if (tasks === "perPartition") befalls.push("grown");
    const then = befalls[whole(0, befalls.length - 1)];
    faults.push(inTime(whole(ms / 4, ms + 300), { do: "kill all", restart: whole(200, 2000), then }));
  }
  return { brokers, onMissing, faults };
}

const ROW_ACTS: readonly CallAct["do"][] = ["kill", "pause", "pause", "late", "late", "lose reply", "repeat"];

/** Faults between the atomics of an epoch whose rows did not fit into one. */
function rowFaultsOf(scenario: Omit<Scenario, "faults">): Fault[] {
  if (!familiesOf(scenario).some(({ kept }) => kept)) return [];
  const dice = diceOf(scenario.seed ^ 0x70775);
  const { whole } = dice;
  return Array.from({ length: whole(1, 3) }, () => {
    const act = actOf(ROW_ACTS[whole(0, ROW_ACTS.length - 1)], dice);
    return { on: "call", worker: whole(0, scenario.workers - 1), target: "rows", nth: whole(1, REACH.rows), act };
  });
}

/** A worker stands still with results to publish until its successor is about to fence it, and then goes on faster. */
function duel(workers: number, { chance, whole }: Dice): Fault {
  const target = chance(0.7) ? "commit" : "transaction";
  const act: CallAct = {
    ...{ do: "pause", when: chance(0.5) ? "asking" : "answered", ms: whole(14_000, 18_000) },
    ...{ until: chance(0.7) ? "producer" : "markers", holds: whole(5, 60) },
  };
  return { on: "call", worker: whole(0, workers - 1), target, nth: whole(1, 40), act };
}

/** The whole job stops, and a person uses the pause, or has to use a backup. */
function disaster({ chance, whole }: Dice, ms: number): Fault[] {
  const at = whole(ms / 4, ms + 300);
  const restart = whole(200, 2000);
  if (chance(0.3)) return [inTime(at, { do: "kill all", restart })];
  if (chance(0.5)) return [inTime(at, { do: "kill all", restart, then: "reset" })];
  return [inTime(whole(ms / 10, at), { do: "copy" }), inTime(at, { do: "kill all", restart, then: "restored" })];
}

function inTime(at: number, act: WorldAct): Fault {
  return { on: "time", at: Math.round(at), act };
}

function actOf(kind: CallAct["do"], { random, chance, whole }: Dice): CallAct {
  const restart = chance(0.7) ? whole(10, 600) : whole(600, 12_000);
  const when = chance(0.5) ? "asking" : "answered";
  switch (kind) {
    case "kill":
      return { do: kind, when, restart, late: chance(0.4) ? 0 : chance(0.5) ? -1 : whole(1, 3000) };
    case "pause":
      if (chance(0.3)) return { do: kind, when, ms: whole(20, 1500) };
      return {
        do: kind,
        when,
        ms: whole(9000, 16_000),
        ...(chance(0.6) && { until: TAKING[whole(0, 3)], holds: whole(0, 40) }),
      };
    case "late":
    case "slow":
    case "repeat":
      return { do: kind, ms: chance(0.7) ? whole(1, 60) : Math.round(random() * 4000) };
    case "locked":
      return { do: kind, times: chance(0.8) ? whole(1, 6) : 45 };
    case "stop":
      return { do: kind, restart };
    default:
      return { do: kind };
  }
}
