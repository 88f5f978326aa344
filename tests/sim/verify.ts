/**
 * Checks at the end of a run.
 *
 * @module
 */
import type { InputRecord } from "../../connectors/connector.ts";
import { type Heads, Violation } from "./heads.ts";
import { familiesOf } from "./families/all.ts";
import type { Row } from "./families/family.ts";
import type { SimCluster } from "./kafka/cluster.ts";
import type { SimKv } from "./kv.ts";
import type { Ledger } from "./ledger.ts";
import { verifyInterleaved } from "./interleaved.ts";
import { restoredStates, rowsOf as rowsInState } from "../support/restored.ts";
import { ACTIVITY, ALL_OUTPUTS, COUNTS, JOB, LATE } from "./pipelines.ts";
import type { Count } from "./pipelines.ts";
import type { Scenario } from "./scenario.ts";
import { isGone, isOfTable, rowsIn } from "./kept.ts";
import { tableRecords } from "./tables.ts";
import { rowKey, type Truth, truthOf } from "./truth.ts";

/** Everything that is left at the end of a run. */
export interface Remains {
  readonly scenario: Scenario;
  readonly kafka: SimCluster;
  readonly kv: SimKv;
  readonly heads: Heads;
  readonly ledger: Ledger;
  /** What readers had seen of topics that were deleted. */
  readonly gone: ReadonlyMap<string, readonly InputRecord[]>;
}

const decoder = new TextDecoder();

/** Checks that all results are there, exactly once, and that nothing is left open. */
export async function verify(remains: Remains): Promise<void> {
  const { scenario, kafka, heads, ledger } = remains;
  const truth = truthOf(scenario, ledger.records);
  const rows = heads.resets === 0 ? rowsOf(remains) : rowsSinceReset(rowsOf(remains), truth);
  eachPaneOnce(rows);
  if (isInterleaved(scenario)) {
    verifyInterleaved(rows, { partitions: truth.partitions, ended: scenario.untilEnd });
  }
  for (const name of new Set([...rows.keys(), ...truth.rows.keys()])) {
    if (isInterleaved(scenario, name) || isOfTable(name)) continue;
    const want = truth.rows.get(name) ?? [];
    const have = rows.get(name) ?? [];
    // Results whose topic was deleted while they were being published are gone with it.
    if (remains.gone.has(name.split(" ", 1)[0])) once(name, have, want);
    else if (name.startsWith(`${COUNTS} `) && scenario.counts === "latest") latest(name, have, want);
    else same(name, fixedRows(scenario, name, have), want);
  }
  await lastRows(remains, truth);
  const open = kafka.openTransactions();
  if (open.length > 0) throw new Violation(`a transaction stays open: ${JSON.stringify(open)}`);
  for (const task of heads.tasks.keys()) heads.checkShown(task);
  const late = isInterleaved(scenario) ? kafka.committedRecords(LATE).length : truth.late;
  counters(heads, { ...truth, late, records: truth.records + tableRecords(scenario) }, ledger);
  markers(heads);
  await states(remains, truth);
}

/** Checks a job that has refused to go on: its results so far must be right. */
export async function verifyPrefix(remains: Remains): Promise<void> {
  const { scenario, ledger } = remains;
  const truth = truthOf(scenario, ledger.records);
  const rows = rowsOf(remains);
  eachPaneOnce(rows);
  for (const [name, have] of rows) {
    if (isInterleaved(scenario, name)) continue;
    const want = truth.rows.get(name) ?? [];
    if (name.startsWith(`${COUNTS} `) && scenario.counts === "latest") rising(name, have, want);
    else same(name, fixedRows(scenario, name, have), want.slice(0, have.length));
  }
  for (const [name, have] of await rowsIn(remains.kv)) rising(name, [have], truth.rows.get(name) ?? []);
}

/**
 * The rows that the job has written since it was reset, which must be all of them. Before these there must be the first of the
 * same rows, which it had written until then.
 */
function rowsSinceReset(rows: ReadonlyMap<string, readonly string[]>, truth: Truth): Map<string, readonly string[]> {
  return new Map([...rows].map(([name, have]) => {
    const want = truth.rows.get(name) ?? [];
    const before = have.slice(0, Math.max(0, have.length - want.length));
    same(`${name}, before the reset`, before, want.slice(0, before.length));
    return [name, have.slice(before.length)];
  }));
}

/** The last row of each key must be in its table, and nothing else. */
async function lastRows({ kv }: Remains, truth: Truth): Promise<void> {
  const have = await rowsIn(kv);
  for (const name of new Set([...have.keys(), ...truth.rows.keys()])) {
    if (!isOfTable(name)) continue;
    const want = truth.rows.get(name)?.at(-1);
    if (isGone(want) ? !have.has(name) : have.get(name) === want) continue;
    throw new Violation(`${name} is ${shown(have.get(name))}, and should be ${isGone(want) ? "gone" : shown(want)}`);
  }
}

/** Whether the interleaving of partitions affects the results, or these rows of them. */
function isInterleaved(scenario: Scenario, name = `${ACTIVITY} `): boolean {
  if (scenario.tasks !== "single") return false;
  const topic = name.split(" ", 1)[0];
  if (topic === ACTIVITY || topic === LATE) return scenario.windows;
  return familiesOf(scenario).some((family) => family.name === topic && family.interleaves === true);
}

/** Whose a record without a key is. That of a window that was refused names the window's key. */
function userOf({ user, key }: { readonly user?: string; readonly key?: string }): string {
  return user ?? key!;
}

/** The records that a `read_committed` reader sees, by topic and key. */
function rowsOf({ kafka, gone }: Remains): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  for (const topic of ALL_OUTPUTS) {
    for (const { key, value } of [...gone.get(topic) ?? [], ...kafka.committedRecords(topic)]) {
      const text = decoder.decode(value!);
      const name = rowKey(topic, key === null ? userOf(JSON.parse(text)) : decoder.decode(key));
      const list = rows.get(name);
      if (list === undefined) rows.set(name, [text]);
      else list.push(text);
    }
  }
  return rows;
}

/** The part of a family's rows that does not depend on how its inputs are interleaved. The other part is checked. */
function fixedRows(scenario: Scenario, name: string, have: readonly string[]): readonly string[] {
  const { interleaving } = familiesOf(scenario).find((family) => name.startsWith(`${family.name} `)) ?? {};
  if (interleaving === undefined) return have;
  const rows: readonly Row[] = have.map((row) => JSON.parse(row));
  const wrong = interleaving.check(rows, scenario);
  if (wrong !== undefined) throw new Violation(`${name}: ${wrong}`);
  return rows.map((row) => JSON.stringify(interleaving.fixed(row)));
}

function same(name: string, have: readonly string[], want: readonly string[]): void {
  const at = want.findIndex((row, i) => row !== have[i]);
  if (at === -1 && have.length === want.length) return;
  const differs = at === -1 ? want.length : at;
  const seen = have[differs] !== undefined && have.indexOf(have[differs]) < differs ? " (again)" : "";
  throw new Violation(
    `${name}, row ${differs}: a reader sees ${shown(have[differs])}${seen}, and should see ${shown(want[differs])}; ` +
      `${have.length} rows instead of ${want.length}`,
  );
}

/**
 * Each changed key is written once an epoch. Values may be skipped, but they must rise, and the last one must be there.
 */
function latest(name: string, have: readonly string[], want: readonly string[]): void {
  rising(name, have, want);
  if (have.at(-1) === want.at(-1)) return;
  throw new Violation(`${name}: the last row is ${shown(have.at(-1))}, and should be ${shown(want.at(-1))}`);
}

/** Each row at most once, and the last one must be there. Keys have moved between partitions, so there is no order. */
function once(name: string, have: readonly string[], want: readonly string[]): void {
  const seen = new Set<string>();
  for (const row of have) {
    if (seen.has(row) || !want.includes(row)) {
      throw new Violation(`${name}: ${shown(row)} came again, or is no value of this key`);
    }
    seen.add(row);
  }
  const last = want.at(-1);
  if (last !== undefined && !seen.has(last)) {
    throw new Violation(`${name}: a reader never sees the last row, ${shown(last)}`);
  }
}

function rising(name: string, have: readonly string[], want: readonly string[]): void {
  let at = -1;
  for (const row of have) {
    const next = want.indexOf(row, at + 1);
    if (next === -1) throw new Violation(`${name}: ${shown(row)} came again, or too late, or is no value of this key`);
    at = next;
  }
}

function eachPaneOnce(rows: ReadonlyMap<string, readonly string[]>): void {
  const panes = new Set<string>();
  for (const [name, list] of rows) {
    if (!name.startsWith(`${ACTIVITY} `)) continue;
    for (const row of list) {
      const { user, start, index } = JSON.parse(row);
      const pane = `pane ${index} of the window of ${user} from ${start} on`;
      if (panes.has(pane)) throw new Violation(`${pane} has fired twice`);
      panes.add(pane);
    }
  }
}

/** Records on time, late records and dead letters must add up to the input; missing records must be counted. */
function counters(heads: Heads, truth: Truth, ledger: Ledger): void {
  const total = (name: string) => {
    let sum = 0;
    for (const { head } of heads.tasks.values()) sum += head?.counters[name] ?? 0;
    return sum;
  };
  const expected = { records_in: truth.records, late: truth.late, dead: truth.dead, missing: ledger.missing };
  for (const [name, want] of Object.entries(expected)) {
    const have = total(name);
    if (have !== want) throw new Violation(`the heads count ${have} as ${name}, there are ${want}`);
  }
}

/** The marker must be the head's epoch, or trail it by epochs without results. */
function markers(heads: Heads): void {
  const found = heads.markers();
  for (const [task, { head, results }] of heads.tasks) {
    const marker = found.get(task);
    if (marker === undefined) {
      if (results > 0) throw new Violation(`task ${task} has no marker, and had results up to epoch ${results}`);
      continue;
    }
    if (marker > head!.epoch) throw new Violation(`task ${task} is at epoch ${head!.epoch}, its marker at ${marker}`);
    if (marker < results) throw new Violation(`task ${task} had results in epoch ${results}, its marker is ${marker}`);
  }
}

/** Checks that the state in the KV can be restored and matches the input. */
async function states({ scenario, kv, heads }: Remains, truth: Truth): Promise<void> {
  const tables = familiesOf(scenario).flatMap(({ everywhere }) => everywhere === undefined ? [] : [everywhere]);
  if (scenario.counts === undefined && tables.length === 0) return;
  const found = new Map<string, number>();
  for (const task of heads.tasks.keys()) {
    const durable = await restoredStates(kv.store, { job: JOB, task }).catch((error) => {
      // What the engine has stored must be readable.
      throw new Violation(`task ${task} is damaged: ${error.message}`);
    });
    if (scenario.counts !== undefined) {
      for (const [user, count] of rowsInState(durable, { name: COUNTS, operator: "keyedReduce" })) {
        found.set(user, (count as Count).n);
      }
    }
    for (const { state, rows } of tables) {
      wholeTable(task, state.name, { have: rowsInState(durable, state), want: rows(truth.partitions) });
    }
  }
  if (scenario.counts === undefined) return;
  for (const [user, n] of truth.totals) {
    if (found.get(user) !== n) throw new Violation(`the state of ${user} is ${found.get(user)}, and should be ${n}`);
  }
}

/** A table that every task has whole must be complete in this one. */
function wholeTable(
  task: number,
  name: string,
  { have, want }: { readonly have: ReadonlyMap<string, unknown>; readonly want: ReadonlyMap<string, unknown> },
): void {
  for (const key of new Set([...have.keys(), ...want.keys()])) {
    if (have.get(key) === want.get(key)) continue;
    throw new Violation(
      `in the state ${name} of task ${task}, ${key} is ${have.get(key)}, and should be ${want.get(key)}`,
    );
  }
}

function shown(row: string | undefined): string {
  if (row === undefined) return "nothing";
  return row.length > 120 ? `${row.slice(0, 120)}...` : row;
}
