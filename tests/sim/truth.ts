/**
 * The expected results, computed from the input in the simplest way: record by record, without operators, state or
 * epochs.
 *
 * @module
 */
import type { InputRecord } from "../../connectors/connector.ts";
import { familiesOf } from "./families/all.ts";
import { ByEventTime } from "./families/family.ts";
import { ACTIVITY, COUNTS, DEAD, LATE, padOf } from "./pipelines.ts";
import type { Scenario } from "./scenario.ts";
import { type Event, LATENESS, WINDOW, windowOf } from "./traffic.ts";

/** What a reader must see. */
export interface Truth {
  /** Values by topic and key, in their order. */
  readonly rows: Map<string, string[]>;
  /** The last count of each user. */
  readonly totals: Map<string, number>;
  readonly late: number;
  readonly dead: number;
  readonly records: number;
  /** The events of each partition, without dead letters. */
  readonly partitions: readonly (readonly Event[])[];
}

const decoder = new TextDecoder();

/** The name of a list of rows. */
export function rowKey(topic: string, key: string): string {
  return `${topic} ${key}`;
}

/** The expected results for an input. */
export function truthOf(scenario: Scenario, input: readonly InputRecord[]): Truth {
  const partitions = Array.from({ length: scenario.partitions }, (): Event[] => []);
  const own = familiesOf(scenario), counted = { late: 0, dead: 0, records: 0 };
  const truth = { rows: new Map<string, string[]>(), totals: new Map<string, number>(), partitions, ...counted };
  const add = (topic: string, key: string, value: unknown) => {
    const name = rowKey(topic, key);
    const list = truth.rows.get(name);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (list === undefined) truth.rows.set(name, [text]);
    else list.push(text);
  };
  for (const [partition, records] of Map.groupBy(input, ({ partition }) => partition)) {
    const windows = new Windows((key, row) => add(ACTIVITY, key, row));
    const families = own.flatMap((one) =>
      "expected" in one
        ? [one.expected((row) => {
          if (one.isLetter?.(row)) truth.dead++;
          add(one.name, row.user, row);
        })]
        : []
    );
    for (const record of records) {
      truth.records++;
      const text = decoder.decode(record.value!);
      const key = decoder.decode(record.key!);
      if (!text.startsWith("{")) {
        truth.dead++;
        add(DEAD, key, text);
        continue;
      }
      const event: Event = JSON.parse(text);
      partitions[partition].push(event);
      if (scenario.counts !== undefined) {
        const n = (truth.totals.get(event.user) ?? 0) + 1;
        truth.totals.set(event.user, n);
        add(COUNTS, event.user, { user: event.user, n, pad: padOf(n, scenario.padding) });
      }
      for (const family of families) if (!family.add(event)) truth.late++;
      if (scenario.windows && !windows.add(event)) {
        truth.late++;
        add(LATE, key, text);
      }
    }
    if (scenario.untilEnd) windows.end();
    if (scenario.untilEnd) { for (const family of families) family.end(); }
  }
  for (const one of own) {
    if ("across" in one) one.across({ partitions, ended: scenario.untilEnd }, (row) => add(one.name, row.user, row));
  }
  return truth;
}

interface Pane {
  readonly user: string;
  readonly start: number;
  count: number;
  /** How many results the window has had. */
  fired: number;
}

/** The windows of one partition. */
class Windows extends ByEventTime {
  readonly #panes = new Map<string, Pane>();

  constructor(readonly emit: (key: string, row: unknown) => void) {
    super();
  }

  protected override take({ user, time }: Event): boolean {
    const start = windowOf(time);
    const last = start + WINDOW - 1;
    const late = last + LATENESS <= this.watermark;
    if (!late) {
      const pane = this.#panes.get(`${user} ${start}`) ?? { user, start, count: 0, fired: 0 };
      this.#panes.set(`${user} ${start}`, pane);
      pane.count++;
      if (last <= this.watermark) this.#fire(pane, "late");
    }
    return !late;
  }

  protected override fire(before: number): void {
    const { watermark } = this;
    const due = [...this.#panes.values()].filter(({ start }) =>
      start + WINDOW - 1 <= watermark && start + WINDOW - 1 > before
    );
    for (const pane of due.sort((one, other) => one.start - other.start)) this.#fire(pane, "onTime");
  }

  #fire(pane: Pane, kind: "onTime" | "late"): void {
    const { user, start, count } = pane;
    this.emit(user, { user, start, count, pane: kind, index: pane.fired++ });
  }
}
