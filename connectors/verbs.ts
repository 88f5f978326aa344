/**
 * The two verbs of every connector, `source()` and `sink()`: they only describe. What reads and writes is the runtime.
 *
 * @module
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import { operate } from "../operators/_operate.ts";
import { sourceOf } from "../operators/_source.ts";
import { keyBytes, type RecordCodec, type StandardSchema, validate } from "./codec.ts";
import { type Connector, type InputRecord, nameSink, type SinkSpec, type SourceSpec } from "./connector.ts";
import { json } from "./json.ts";
import { peekAt } from "./_peek.ts";
import { encodeHeaders, type HeadersOption } from "./headers.ts";

/** Options of a `source()`. */
export interface SourceOptions<T> {
  /** Any Standard Schema validator (Zod, Valibot, ArkType ...); a record that it refuses is a bad record. */
  readonly schema?: StandardSchema<T>;
  /** How bytes become a value. @default JSON */
  readonly codec?: RecordCodec<unknown>;
}

/** What may be a record's key. */
export type RecordKey = string | number | bigint | boolean | Uint8Array | null;

/** Options of a `sink()`. */
export interface SinkOptions<T> {
  /** The record's key. @default none; a late record keeps its own */
  readonly key?: (value: T) => RecordKey;
  /** The record's value, where it is not the whole value; `null` writes a tombstone. @default the value itself */
  readonly value?: (value: T) => unknown;
  /** The record's headers: values by name, or a list of names with values where one name stands there several times. @default none */
  readonly headers?: (value: T) => HeadersOption;
  /** The partition. @default by the key, as Kafka's default partitioner; without a key the task's own */
  readonly partition?: (value: T, partitions: number) => number;
  /** How a value becomes bytes. @default JSON */
  readonly codec?: RecordCodec<unknown>;
}

/** The specification behind a source's Observable. */
export function sourceSpec<T>(connector: Connector, topic: string, options: SourceOptions<T> = {}): SourceSpec<T> {
  named("source", topic);
  const { schema, codec = json<unknown>() } = options;
  const read = (record: InputRecord) => record.value === null ? null : codec.decode(record.value);
  return {
    connector,
    topic,
    decode: schema === undefined ? (record) => read(record) as T : (record) => validate(schema, read(record)),
  };
}

/** The specification behind a sink. */
export function sinkSpec<T>(connector: Connector, topic: string, options: SinkOptions<T> = {}): SinkSpec<T> {
  named("sink", topic);
  const { key, value = (whole: T): unknown => whole, headers, partition, codec = json<unknown>() } = options;
  return {
    connector,
    topic,
    value(whole) {
      const part = value(whole);
      return part === null ? null : codec.encode(part);
    },
    keyless: key === undefined,
    key: key === undefined ? () => undefined : (whole) => {
      const part = key(whole);
      return part === null || part instanceof Uint8Array ? part : keyBytes(part);
    },
    headers: headers === undefined ? () => undefined : (whole) => encodeHeaders(headers(whole)),
    partition: partition ?? (() => undefined),
  };
}

/** Makes a connector's `source()`: a cold Observable that a job drives, or that reads by itself where there is none. */
export function sourceVerb<T>(connector: Connector, topic: string, options?: SourceOptions<T>): Observable<T> {
  const spec = sourceSpec(connector, topic, options);
  return sourceOf<T>({ spec, label: topic, peek: (task, out) => peekAt(spec, task, out) });
}

/** Makes a connector's `sink()`: an operator that writes every value and passes it on. */
export function sinkVerb<T>(
  connector: Connector,
  topic: string,
  options?: SinkOptions<T>,
): MonoTypeOperatorFunction<T> {
  const spec = sinkSpec(connector, topic, options);
  const operator = operate<T, T>(
    { operator: "sink", name: topic, time: "passes", keeps: true, failure: "result" },
    (stage) => {
      const { label, task: { host } } = stage;
      const write = host === undefined ? direct(spec, label) : host.bindSink(spec, label);
      return {
        next(value) {
          write(value);
          stage.emit(value);
        },
      };
    },
  );
  return nameSink(operator, spec as SinkSpec);
}

/** Where there is no job, only a connector that keeps records in this process can take one. */
function direct<T>(spec: SinkSpec<T>, label: string): (value: unknown) => void {
  const { connector } = spec;
  if (connector.write === undefined) {
    throw new TypeError(
      `Cannot write to ${label} without a job: results are published with a checkpoint, so run the pipeline with run()`,
    );
  }
  return (value) => connector.write!(spec as SinkSpec, value);
}

function named(verb: string, topic: string): void {
  if (typeof topic !== "string" || topic === "") {
    throw new TypeError(`Cannot create a ${verb}: topic must be a name, current value is ${String(topic)}`);
  }
}
