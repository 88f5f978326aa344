/** What a snapshot knows of the tasks: it is kept up to date by what has changed, and equals what adding up all would give. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LateRecords } from "../operators/_late_facts.ts";
import type { KeyedState } from "../operators/keyed_state.ts";
import { TALLY_IN, TALLY_LATE, TALLY_OUT } from "../operators/_limits.ts";
import { Tally } from "../operators/_tally.ts";
import { Calendar } from "../operators/_timers.ts";
import { seeded } from "../base/random.ts";
import { LiveFacts } from "../runtime/details_facts.ts";
import type { OwnedTask } from "../runtime/owned_task.ts";
import { DurableStates } from "../state/mod.ts";
import { manyTasks } from "./support/many.ts";

const STAGES = ["totals", "activity", "sessions", "rare"];

/** Results that wait, and are asked for their numbers. */
interface Asked {
  next: number;
  size: number;
}

interface Stage {
  readonly tally: Tally;
  readonly state: KeyedState<number, string>;
  readonly timers: { size: number };
  /** Some stages have a calendar, which tells its numbers. */
  readonly waits: Calendar | Asked;
}

/** The part of a task that a snapshot reads, with states as they are and stages that do anything. */
class Model {
  /** Whether a snapshot must look at it. */
  dirty = true;
  stages: Stage[] = [];
  committed: Record<string, number> = {};
  readonly runner = {
    ...{ changed: false, cuts: 0, counters: {} as Record<string, number>, task: {} as unknown },
    ...{ queues: [], outputs: { parts: {} } },
  };
  readonly states: DurableStates;

  constructor(readonly number: number, readonly random: (below: number) => number, states?: DurableStates) {
    this.states = states ?? new DurableStates({ undoable: true });
    this.bind();
  }

  /** The pipelines are subscribed, at first, after an error, and where another worker has taken the task. */
  bind(): void {
    const { random } = this;
    this.states.undo();
    // Not every task has had a reason to subscribe every stage. One that has stored something must be subscribed again.
    const named = STAGES.filter((name) => name !== "rare" || this.states.named(name) !== undefined || random(3) === 0);
    this.stages = named.map((name, at) => {
      const tally = new Tally("test", name);
      const state = this.states.open({ name, operator: "test", namespaced: false }) as KeyedState<number, string>;
      const waits = at % 2 === 0 ? new Calendar(() => {}) : { next: Infinity, size: 0 };
      const stage = { tally, state, timers: { size: 0 }, waits };
      tally.states.push(state);
      tally.timers.push(stage.timers);
      tally.upcoming.push(waits);
      return stage;
    });
    this.runner.counters = { ...this.committed };
    this.runner.task = { tallies: new Set(this.stages.map(({ tally }) => tally)), clocks: new Map(), late: 0 };
    this.runner.changed = false;
    this.dirty = true;
  }

  record(now: number): void {
    const { random, runner } = this;
    runner.changed = this.dirty = true;
    runner.counters.records_in = (runner.counters.records_in ?? 0) + 1;
    const output = `out:${random(3)}`;
    if (random(4) === 0) runner.counters[output] = (runner.counters[output] ?? 0) + 1;
    for (const { tally, state, timers, waits } of this.stages) {
      if (random(3) === 0) continue;
      for (let n = random(700); n >= 0; n--) tally.count(TALLY_IN);
      for (let n = random(3); n > 0; n--) tally.count(TALLY_OUT);
      for (let n = random(4); n > 0; n--) {
        state.write(state.cell(random(12)), random(3) === 0 ? undefined : "x".repeat(random(90)));
      }
      timers.size = random(4);
      if (waits instanceof Calendar) {
        if (random(3) > 0) waits.set(random(1000), random(9));
        else if (waits.next !== Infinity) waits.fire();
      } else {
        Object.assign(
          waits,
          random(4) === 0 ? { next: Infinity, size: 0 } : { next: random(1000), size: 1 + random(9) },
        );
      }
      if (random(5) > 0) continue;
      tally.count(TALLY_LATE);
      const at = { until: 0, watermark: random(100_000), window: undefined, now };
      (tally.lates ??= new LateRecords()).add({ record: undefined, timestamp: 0 } as never, at as never);
    }
  }

  cut(): void {
    this.runner.changed = false;
    this.runner.cuts++;
    this.committed = { ...this.runner.counters };
    this.dirty = true;
    // The mean length of the values changes as they are written.
    this.states.assertStorable();
    this.states.cut();
  }
}

/** The rows of the stages as plain addition gives them. */
function added(tasks: readonly Model[]) {
  const rows = new Map<string, Record<string, number>>();
  const stages = tasks.flatMap(({ stages, states }) => stages.map((stage) => ({ ...stage, states })));
  for (const { tally, state, timers, waits, states } of stages) {
    const none = {
      in: 0,
      out: 0,
      late: 0,
      keys: 0,
      bytes: 0,
      timers: 0,
      waiting: 0,
      next: Infinity,
      worst: -1,
      most: -1,
    };
    const row = rows.get(tally.name!) ?? none, { late, lates } = tally, allowed = Math.floor(tally.in / 1000);
    rows.set(tally.name!, {
      in: row.in + tally.in,
      out: row.out + tally.out,
      late: row.late + late,
      keys: row.keys + state.size - timers.size,
      bytes: row.bytes + states.named(tally.name!)!.valueBytes,
      timers: row.timers + timers.size,
      waiting: row.waiting + waits.size,
      next: Math.min(row.next, waits.next),
      worst: Math.max(row.worst, lates?.worst ?? -1),
      most: Math.max(row.most, lates !== undefined && late > allowed ? lates.exceededBy(allowed) : -1),
    });
  }
  return Object.fromEntries(rows);
}

function told({ stages }: LiveFacts) {
  return Object.fromEntries(stages.map((row) => {
    const { records_in, records_out, late, keys, state_bytes: bytes, timers, waiting, next, worst, most } = row;
    return [row.stage, { in: records_in, out: records_out, late, keys, bytes, timers, waiting, next, worst, most }];
  }));
}

/** The sums of counters, without those that are 0. */
function countersOf(counters: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of counters) {
    for (const [name, count] of Object.entries(one)) if (count !== 0) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

describe("the facts of the tasks of a worker", () => {
  for (let seed = 1; seed <= 20; seed++) {
    it(`equal what adding up all tasks gives, whatever changes, comes and goes (seed ${seed})`, () => {
      const chance = seeded(seed), random = (below: number) => Math.floor(chance() * below);
      const facts = new LiveFacts();
      let tasks = Array.from({ length: 6 }, (_none, number) => new Model(number, random)), made = tasks.length;
      for (let turn = 0; turn < 150; turn++) {
        for (let n = random(6); n > 0 && tasks.length > 0; n--) {
          const task = tasks[random(tasks.length)], what = random(12);
          if (what < 7) task.record(turn * 1000);
          else if (what < 10) task.cut();
          else if (what === 10) task.bind();
        }
        // Another worker has had a task, and this one has it back: it is another object, with the states as committed.
        tasks = tasks.map((task) => random(20) === 0 ? new Model(task.number, random, task.states) : task);
        if (random(6) === 0) tasks = tasks.filter(() => random(4) > 0);
        if (random(5) === 0) tasks = [...tasks, new Model(made++, random)];
        const changed = tasks.filter((task) => task.dirty || task.runner.changed);
        facts.of(tasks as readonly unknown[] as readonly OwnedTask[]);
        assertEquals(facts.looked, changed.length, `turn ${turn}: the tasks that were looked at`);
        // Some changes find sums that nobody has asked for yet.
        if (random(4) > 0) assertEquals(Object.entries(told(facts)), Object.entries(added(tasks)), `turn ${turn}`);
        assertEquals(countersOf([facts.counters]), countersOf(tasks.map(({ runner }) => runner.counters)));
        for (const task of tasks) task.dirty = task.runner.changed;
      }
    });
  }
});

describe("manyTasks()", () => {
  it("gives a record to as many tasks as it is asked for", async () => {
    await using test = await manyTasks({ tasks: 8, stages: 2 });
    const before = await test.details();
    await test.touch(3);
    const after = await test.details();
    assertEquals(after.records_in - before.records_in, 3);
    const recordsOf = new Map(before.tasks.map(({ task, records_in }) => [task, records_in]));
    assertEquals(after.tasks.filter(({ task, records_in }) => records_in !== recordsOf.get(task)).length, 3);
  });
});
