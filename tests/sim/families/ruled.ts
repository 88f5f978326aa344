/**
 * `tableJoin` of every event with a rule, from a table that every task reads whole and that changes while the job runs,
 * and then `broadcastJoin` with all rules of the same table. Which version of a rule an event meets depends on the
 * interleaving. It is never older than the one that was there before the job began, never goes back, and is the same for
 * both joins.
 *
 * @module
 */
import type { Observable } from "rxjs";
import { broadcastJoin, tableJoin } from "@tidemark/streams";
import type { OutputRecord } from "../../../connectors/connector.ts";
import { keyPartition } from "../../../connectors/partitioner.ts";
import { diceOf, type Scenario } from "../scenario.ts";
import { BEGIN } from "../trace.ts";
import type { Event } from "../traffic.ts";
import type { Expected, FamilyRun, OwnFamily, Row, TableTopic } from "./family.ts";

const RULED = "ruled";
const DICE = 0x9e7a1;
const NAMES = ["one", "two", "three", "four", "five"];

/** A row, and the version of the rule that its event met. */
interface RuledRow extends Row {
  readonly n: number;
  readonly rule: string;
  readonly version?: number | null;
  /** Whether the version of both joins is one, and how many rules there are. */
  readonly agrees: boolean;
  readonly of: number;
}

const encoder = new TextEncoder();

const RULES: TableTopic = {
  topic: "rules",
  broadcast: true,
  partitions: ({ seed }) => diceOf(seed ^ DICE).whole(1, 5),
  records(scenario) {
    const partitions = this.partitions(scenario);
    const { whole } = diceOf(scenario.seed ^ DICE ^ 1);
    const record = (name: string, version: number): OutputRecord => {
      const key = encoder.encode(name);
      const partition = keyPartition(key, partitions);
      const value = encoder.encode(JSON.stringify(version));
      // Later than those of the events: nothing but the job itself puts them before the first event.
      return { topic: this.topic, partition, timestamp: BEGIN + 1000, key, value, headers: undefined };
    };
    const before = whole(1, 3), after = whole(0, 8);
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => NAMES.map((name) => record(name, from + n))).flat();
    return { first: some(1, before), later: some(before + 1, after) };
  },
};

export const ruled: OwnFamily = {
  name: RULED,
  share: 0.12,
  dice: DICE,
  pipeline,
  tables: [RULES],
  expected: (emit) => new Ruled(emit),
  interleaving: {
    fixed: ({ version: _, ...row }: RuledRow) => row as Row,
    check,
  },
};

const ruleOf = ({ n }: Event) => NAMES[Math.abs(n) % NAMES.length];

function pipeline(events: Observable<Event>, { open }: FamilyRun): Observable<RuledRow> {
  const rules = open<number>(RULES);
  return events.pipe(
    tableJoin(rules, {
      name: RULED,
      key: ruleOf,
      type: "left",
      join: (event, version) => ({ user: event.user, n: event.n, rule: ruleOf(event), version: version ?? null }),
    }),
    broadcastJoin(rules, {
      name: `${RULED}/all`,
      join: (row, all): RuledRow => ({ ...row, agrees: all.get(row.rule) === row.version, of: all.size }),
    }),
  );
}

function check(rows: readonly Row[], scenario: Scenario): string | undefined {
  const { first, later } = RULES.records(scenario);
  const least = first.length / NAMES.length, most = least + later!.length / NAMES.length;
  const seen = new Map<string, number>();
  for (const { n, rule, version } of rows as readonly RuledRow[]) {
    const before = seen.get(rule) ?? least;
    if (typeof version !== "number" || version < before || version > most) {
      return `event ${n} met version ${version} of rule ${rule}, after version ${before}; the last one is ${most}`;
    }
    seen.set(rule, version);
  }
  return undefined;
}

class Ruled implements Expected {
  constructor(readonly emit: (row: Row) => void) {}

  add(event: Event): boolean {
    this.emit({ user: event.user, n: event.n, rule: ruleOf(event), agrees: true, of: NAMES.length } as Row);
    return true;
  }

  end(): void {}
}
