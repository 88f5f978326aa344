/**
 * `source()` and `sink()` of every connector. They only describe; the runtime reads and writes.
 *
 * @module
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import { operate } from "../operators/_operate.ts";
import { sourceOf } from "../operators/_source.ts";
import type { Present } from "../operators/_tombstone.ts";
import { keyBytes, type RecordCodec, type StandardSchema, validate } from "./codec.ts";
import {
  type Connector,
  type KeyReader,
  nameSink,
  type RecordSink,
  type SinkSpec,
  type SourceSpec,
} from "./connector.ts";
import { json } from "./json.ts";
import { peekAt } from "./_peek.ts";
import { encodeHeaders, type HeadersOption } from "./headers.ts";

/** Options of a `source()`. */
export interface SourceOptions<T> {
  /** Any Standard Schema validator (Zod, Valibot, ArkType and others). A record that it refuses is a bad record. */
  readonly schema?: StandardSchema<T>;
  /** Decodes the bytes of a value. @default JSON */
  readonly codec?: RecordCodec<unknown>;
  /**
   * What becomes of a record without a value, a tombstone of a compacted topic. It is the value `null`, which is in the type of the source,
   * which passes through, and which a stage that reads its fields refuses as a bad record. With `keep` a `schema` is not asked about it;
   * with `refuse` it is a bad record at once, and the type is without `null`.
   *
   * @default the value `null`, which a `schema` may refuse
   */
  readonly tombstones?: "keep" | "refuse";
  /**
   * Decodes a record's key: `text()`, `int64()`, `int32()`, `json()`, `bytes()`, or any codec. With a task for each
   * partition a stage must use the same key as its topic, and the two are compared as values. A key that decodes to
   * bytes or to an object is not compared.
   *
   * @default text; a stage's key that is a number is compared by its decimal text, as sinks write it
   */
  readonly key?: KeyReader;
  /**
   * Whether every task of a job reads every partition of the topic, each at its own place. Its number of partitions need
   * then not be that of the other topics, and only the table of a `tableJoin` or `broadcastJoin` may stand on it. Tasks
   * of one worker share the fetches, so one that is far behind holds the others' new records back. A job reads the topic
   * from its beginning; partitions that it gets later are read after the next start of each worker. Each record counts
   * once as input, and once as a dead letter if it cannot be read; if a function above the join refuses it, every task
   * writes a dead letter. The job's consumer group shows the least offset of a worker's tasks. With a single task all of
   * this is as for other topics.
   *
   * @default false
   */
  readonly broadcast?: boolean;
}

/** Options of a `source()` of values and tombstones. The type of its values includes `null`. */
export type KeepTombstones<T> = SourceOptions<T> & { readonly tombstones: "keep" };

/** Options of a `source()` whose type has no `null` of its own: a schema says what comes, or tombstones are refused. */
export type CheckTombstones<T> =
  & SourceOptions<T>
  & ({ readonly schema: StandardSchema<T> } | { readonly tombstones: "refuse" });

/** What may be a record's key. */
export type RecordKey = string | number | bigint | boolean | Uint8Array | null;

/**
 * Options of a `sink()`. A tombstone that one of these functions cannot read is a bad record; without them it passes as a tombstone.
 */
export interface SinkOptions<T> {
  /** The record's key. @default none; a late record keeps its own */
  readonly key?: (value: Present<T>) => RecordKey;
  /** The record's value, where it is not the whole value; `null` writes a tombstone. @default the value itself */
  readonly value?: (value: Present<T>) => unknown;
  /** The record's headers: values by name, or a list of names with values where one name stands there several times. @default none */
  readonly headers?: (value: Present<T>) => HeadersOption;
  /** The partition. @default by the key, as Kafka's default partitioner; without a key the task's own */
  readonly partition?: (value: Present<T>, partitions: number) => number;
  /** How a value becomes bytes. @default JSON */
  readonly codec?: RecordCodec<unknown>;
  /**
   * How a key becomes bytes: `int64()`, `avro(registry, { schema: "long" })` or any codec. `null` stays no key.
   *
   * @default text in UTF-8, of numbers their decimal text; bytes as they are
   */
  readonly keyCodec?: RecordCodec<unknown>;
}

/** The spec of a source. */
export function sourceSpec<T>(connector: Connector, topic: string, options: SourceOptions<T> = {}): SourceSpec<T> {
  named("source", topic);
  const { schema, codec = json<unknown>(), key, broadcast = false } = options;
  if (key !== undefined && typeof key?.decode !== "function") {
    throw new TypeError(
      `Cannot create a source: key must be a codec such as int64(), current value is of type ${typeof key}`,
    );
  }
  if (typeof broadcast !== "boolean") {
    throw new TypeError(`Cannot create a source: broadcast must be true or false, current value is ${broadcast}`);
  }
  const { tombstones } = options;
  if (tombstones !== undefined && tombstones !== "keep" && tombstones !== "refuse") {
    throw new TypeError(
      `Cannot create a source: tombstones must be "keep" or "refuse", current value is ${tombstones}`,
    );
  }
  const tombstone = (): T => {
    if (tombstones === "refuse") throw new TypeError("its value is null, a tombstone");
    return tombstones === "keep" || schema === undefined ? null as T : validate(schema, null);
  };
  return {
    connector,
    topic,
    broadcast,
    key,
    ...(codec.prepare === undefined && key?.prepare === undefined ? {} : { prepare: preparesFor(codec, key) }),
    decode({ value }) {
      if (value === null) return tombstone();
      const decoded = codec.decode(value);
      return schema === undefined ? decoded as T : validate(schema, decoded);
    },
  };
}

/** Prepares the codecs of a source for a record. What throws here throws again when the record is decoded. */
function preparesFor(codec: RecordCodec<unknown>, reader: KeyReader | undefined): SourceSpec["prepare"] {
  const prepare = (one: Pick<KeyReader, "prepare"> | undefined, bytes: Uint8Array | null) => {
    try {
      return bytes === null ? undefined : one?.prepare?.(bytes);
    } catch {
      return undefined;
    }
  };
  return ({ key, value }) => {
    const ofValue = prepare(codec, value);
    const ofKey = prepare(reader, key);
    return ofValue === undefined ? ofKey : ofKey === undefined ? ofValue : Promise.all([ofValue, ofKey]);
  };
}

/** The specification behind a sink. Its functions are called with tombstones too: those that cannot read one throw, and the record is bad. */
export function sinkSpec<T>(connector: Connector, topic: string, options: SinkOptions<T> = {}): RecordSink<Present<T>> {
  named("sink", topic);
  const { key, value = (whole: Present<T>): unknown => whole, headers, partition } = options;
  const codec = codecFor(topic, "value", options.codec ?? json<unknown>());
  const keyCodec = options.keyCodec === undefined ? undefined : codecFor(topic, "key", options.keyCodec);
  if (keyCodec !== undefined && key === undefined) {
    throw new TypeError(`Cannot create a sink: keyCodec encodes what key gives, and the sink of "${topic}" has no key`);
  }
  return {
    connector,
    topic,
    value(whole) {
      const part = value(whole);
      return part === null ? null : encoded(codec, part);
    },
    keyless: key === undefined,
    key: key === undefined ? () => undefined : (whole) => {
      const part = key(whole);
      if (part === null) return null;
      if (keyCodec !== undefined) return encoded(keyCodec, part);
      return part instanceof Uint8Array ? part : keyBytes(part);
    },
    headers: headers === undefined ? () => undefined : (whole) => encodeHeaders(headers(whole)),
    partition: partition ?? (() => undefined),
    ...(codec.prepareToWrite === undefined && keyCodec?.prepareToWrite === undefined ? {} : {
      async prepare() {
        await codec.prepareToWrite?.();
        await keyCodec?.prepareToWrite?.();
      },
    }),
  };
}

function codecFor(topic: string, part: "key" | "value", codec: RecordCodec<unknown>): RecordCodec<unknown> {
  return codec.forTopic?.(topic, part) ?? codec;
}

function encoded(codec: RecordCodec<unknown>, value: unknown): Uint8Array {
  const bytes = codec.encode(value);
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError(`the codec of the sink must give a Uint8Array, current value is of type ${typeof bytes}`);
}

/** The Observable of a source. A job drives it; without a job it reads by itself. */
export function sourceFrom<T>(spec: SourceSpec<T>): Observable<T> {
  const { topic, broadcast } = spec;
  return sourceOf<T>({ spec, label: topic, broadcast, peek: (task, out) => peekAt(spec, task, out) });
}

/** Creates a connector's `source()`: a cold Observable. A job drives it; without a job it reads by itself. */
export function sourceVerb<T>(connector: Connector, topic: string, options?: SourceOptions<T>): Observable<T> {
  const spec = sourceSpec(connector, topic, options);
  return sourceFrom(spec);
}

/** Creates a connector's `sink()`: an operator that writes every value and passes it on. */
export function sinkVerb<T>(
  connector: Connector,
  topic: string,
  options?: SinkOptions<T>,
): MonoTypeOperatorFunction<T> {
  const spec = sinkSpec(connector, topic, options) as RecordSink<T>;
  return sinkOperator(spec, readsOf(spec));
}

/**
 * The operator of any sink: it writes every value and passes it on.
 *
 * @param reads calls the functions of the sink on a value, without writing it
 */
export function sinkOperator<T>(spec: SinkSpec, reads: (value: T) => void): MonoTypeOperatorFunction<T> {
  const operator = operate<T, T>(
    { operator: "sink", name: spec.topic, spec, time: "passes", keeps: true, failure: "result", reads },
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
  return nameSink(operator, spec);
}

/** Calls the functions of a sink on a value, without writing it. */
function readsOf<T>({ value, key, headers, partition }: RecordSink<T>): (whole: T) => void {
  return (whole) => {
    value(whole);
    key(whole);
    headers(whole);
    partition(whole, 1);
  };
}

/** Writes values without a job. Only a connector that keeps records in this process can do so. */
function direct(spec: SinkSpec, label: string): (value: unknown) => void {
  const { connector } = spec;
  if (connector.write === undefined) {
    throw new TypeError(
      `Cannot write to ${label} without a job: results are published with a checkpoint, so run the pipeline with run()`,
    );
  }
  return (value) => connector.write!(spec, value);
}

function named(verb: string, topic: string): void {
  if (typeof topic !== "string" || topic === "") {
    throw new TypeError(`Cannot create a ${verb}: topic must be a name, current value is ${String(topic)}`);
  }
}
