/** A table on the job's own store, whose rows are unlike records: they have no partition, no time and no headers. */
import type { MonoTypeOperatorFunction } from "rxjs";
import { memory } from "@tidemark/streams";
import type { Connector, InCommit, RowEncoder, SinkSpec } from "@tidemark/streams/connectors";
import { sinkOperator } from "../../connectors/verbs.ts";

interface TableRow {
  readonly key: string;
  readonly value: unknown;
}

interface TableSink<T> extends SinkSpec {
  key(value: T): string;
  value(value: T): unknown;
}

/** The most characters of a row's value, as JSON. */
export const MOST = 100;

/** A table, and how often its rows became visible. */
export interface Table {
  readonly connector: Connector;
  /** How many rows each commit made visible. */
  readonly commits: number[];
  /** Writes a row for every value, by its key. */
  sink<T>(options: { key: (value: T) => string; value: (value: T) => unknown }): MonoTypeOperatorFunction<T>;
}

/** A table whose rows are entries `[name, key]` of the job's store. */
export function tableOf(name: string): Table {
  const commits: number[] = [];
  let staged = 0;
  const delivery: InCommit<TableRow> = {
    kind: "inCommit",
    encoder: ({ spec }) => encoderOf(spec as TableSink<unknown>),
    stage(rows) {
      staged += rows.length;
      const last = new Map(rows.map(({ key, value }) => [key, value]));
      return { ahead: [], last: [...last].map(([key, value]) => [[name, key], value]) };
    },
    committed() {
      commits.push(staged);
      staged = 0;
    },
  };
  const connector: Connector = {
    id: `table ${name}`,
    async open(context) {
      const topics = await memory().open(context);
      const topic = () => Promise.reject(new Error("a table has no topic, and no partitions"));
      return { ...topics, topic, delivery };
    },
  };
  return {
    connector,
    commits,
    sink<T>({ key, value }: Pick<TableSink<T>, "key" | "value">) {
      const spec: TableSink<T> = { connector, topic: name, target: "table", key, value };
      return sinkOperator<T>(spec, (whole) => {
        key(whole);
        value(whole);
      });
    },
  };
}

function encoderOf({ key, value }: TableSink<unknown>): RowEncoder<TableRow> {
  const noLetters = () => {
    throw new TypeError("a table takes no dead letters");
  };
  return {
    result(whole) {
      const row = { key: key(whole), value: value(whole) };
      const size = JSON.stringify(row.value).length;
      if (size > MOST) throw new RangeError(`a row of ${size} characters is larger than ${MOST}`);
      return row;
    },
    refused: noLetters,
    undelivered: noLetters,
    bytes: (row) => row.key.length + JSON.stringify(row.value).length,
  };
}
