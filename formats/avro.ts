/**
 * Avro: a codec for values and keys, with a schema at hand or with those of a schema registry.
 *
 * It is an export of its own, so that only programs that use Avro load the library `avsc`.
 *
 * @module
 */
import type { RecordCodec } from "../connectors/codec.ts";
import { type Int64As, readerOf } from "./_avro_read.ts";
import { type AvroType, parseSchema } from "./_avro_types.ts";
import { writerOf } from "./_avro_write.ts";
import { BySchema } from "./_by_schema.ts";
import { bodyOf } from "./_frame.ts";
import { isRegistry, textsOf } from "./_registered.ts";
import { RegisteredWriter, type WriterOptions } from "./_writer.ts";
import type { RegistrySchema, SchemaRegistry } from "./registry.ts";

export type { WriterOptions };

/** A schema of Avro: its JSON as an object, the text of that, or the name of a primitive type. */
export type AvroSchema = string | object;

/** Options of {@linkcode avro}. */
export interface AvroOptions {
  /**
   * What a `long` becomes when it is read. With `number` a record is bad that has one beyond 2^53 - 1. Both can be
   * written.
   *
   * @default bigint
   */
  readonly int64?: "bigint" | "number";
}

/** Options of {@linkcode avro} with a schema registry. */
export interface AvroRegistryOptions extends AvroOptions, WriterOptions {
  /**
   * The schema of the values. Records that were written with another one are read as values of this one, where Avro's
   * rules allow it; otherwise they are bad. A sink needs it.
   *
   * @default as each record was written
   */
  readonly schema?: AvroSchema;
}

/**
 * Values in Avro's binary encoding, and nothing else: no file, no framing, no id of a schema.
 *
 * Records and maps are plain objects, `bytes` and `fixed` are `Uint8Array`s, an `enum` is text, a `long` is a `bigint`.
 * A value of a union is the value itself where values tell its branches apart, as with `["null", "string"]`; otherwise
 * it is `{ branch: value }`, as with `["int", "double"]`. Logical types are their plain types.
 *
 * @param schema the schema of all records
 * @param options what a `long` becomes
 * @returns a codec that throws on bytes that are not of the schema, and on values that the schema does not have, with
 * their path
 * @throws {TypeError} when it is no schema
 *
 * @example A record
 * ```ts
 * import { avro } from "@tidemark/streams/avro";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const orders = avro({
 *   type: "record",
 *   name: "Order",
 *   fields: [{ name: "id", type: "long" }, { name: "items", type: { type: "array", items: "string" } }],
 * });
 * const bytes = orders.encode({ id: 7n, items: ["tea"] });
 * assertEquals(bytes, new Uint8Array([14, 2, 6, 0x74, 0x65, 0x61, 0]));
 * assertEquals(orders.decode(bytes), { id: 7n, items: ["tea"] });
 * assertThrows(() => orders.encode({ id: 7n, items: [7] }), TypeError, "$.items[0] is 7, and the schema has a string");
 * ```
 */
export function avro<T = unknown>(schema: AvroSchema, options?: AvroOptions): RecordCodec<T>;
/**
 * Values in Confluent's wire format: the id of the schema, and Avro's binary encoding.
 *
 * A record's schema is fetched by its id before the record is pushed, and its partition waits. While the registry is
 * away, the job waits and says so; a schema that it does not have makes its records bad. For a sink the schema is
 * registered, or looked up, when the job starts.
 *
 * @param registry the schema registry, of `@tidemark/streams/registry`
 * @param options the schema of the values, and how it is registered
 * @returns a codec, for `codec` of a source or sink, for `key` of a source and `keyCodec` of a sink
 * @throws {TypeError} when `schema` is not a schema of Avro
 *
 * @example Values and keys of a topic, and results
 * ```ts
 * import { map } from "rxjs";
 * import { kafka } from "@tidemark/streams/kafka";
 * import { avro } from "@tidemark/streams/avro";
 * import { registry } from "@tidemark/streams/registry";
 * import { assertEquals } from "@std/assert";
 *
 * interface Order {
 *   readonly cents: bigint;
 * }
 *
 * const broker = kafka({ brokers: ["localhost:9092"] });
 * const schemas = registry({ url: "http://localhost:8081" });
 * const schema = { type: "record", name: "Total", fields: [{ name: "cents", type: "long" }] };
 *
 * const totals = broker.source<Order>("orders", { codec: avro(schemas), key: avro(schemas), tombstones: "refuse" }).pipe(
 *   map(({ cents }) => ({ cents: 2n * cents })),
 *   broker.sink("totals", { codec: avro(schemas, { schema }) }),
 * );
 * assertEquals(typeof totals.subscribe, "function");
 * ```
 */
export function avro<T = unknown>(registry: SchemaRegistry, options?: AvroRegistryOptions): RecordCodec<T>;
export function avro<T>(from: AvroSchema | SchemaRegistry, options: AvroRegistryOptions = {}): RecordCodec<T> {
  const { int64 = "bigint", schema } = options;
  if (int64 !== "bigint" && int64 !== "number") {
    throw new TypeError(`Cannot create an Avro codec: int64 must be "bigint" or "number", current value is ${int64}`);
  }
  if (!isRegistry(from)) return plain<T>(schemaOf(from), int64);
  return new RegisteredAvro<T>(from, schema === undefined ? undefined : { type: schemaOf(schema), schema }, {
    ...options,
    int64,
  });
}

function schemaOf(schema: AvroSchema): AvroType {
  try {
    return parseSchema(schema);
  } catch (error) {
    throw new TypeError(`Cannot create an Avro codec: ${(error as Error).message}`, { cause: error });
  }
}

function plain<T>(type: AvroType, int64: Int64As): RecordCodec<T> {
  const read = readerOf(type, type, int64), write = writerOf(type);
  return { encode: write, decode: (bytes) => read(bytes) as T };
}

/** A schema of the user's: as it was given, and what it means. */
interface Given {
  readonly schema: AvroSchema;
  readonly type: AvroType;
}

class RegisteredAvro<T> implements RecordCodec<T> {
  readonly #readers: BySchema<{ read(bytes: Uint8Array): unknown }>;

  constructor(
    readonly registry: SchemaRegistry,
    readonly given: Given | undefined,
    readonly options: AvroRegistryOptions & { readonly int64: Int64As },
  ) {
    this.#readers = new BySchema(registry, "AVRO", async (schema) => {
      const written = parseSchema(schema.schema, await textsOf(registry, schema));
      return { read: readerOf(written, given?.type ?? written, options.int64) };
    });
  }

  prepare(bytes: Uint8Array): Promise<void> | undefined {
    return this.#readers.prepare(bytes);
  }

  decode(bytes: Uint8Array): T {
    return this.#readers.of(bytes).read(bodyOf(bytes)) as T;
  }

  encode(): never {
    throw new TypeError("a codec of a schema registry writes only in the sink that it was given to");
  }

  forTopic(topic: string, part: "key" | "value"): RecordCodec<T> {
    const { registry, given, options } = this;
    if (given === undefined) {
      throw new TypeError(
        `Cannot create a sink: Avro is written with a schema, so the codec of "${topic}" must be avro(registry, { schema })`,
      );
    }
    return new RegisteredWriter<T>(registry, {
      ...{ topic, part, options },
      schema: () => registered(given.schema, options),
      write: writerOf(given.type),
      registered: (id) => this.#readers.know(id, { read: readerOf(given.type, given.type, options.int64) }),
      read: this,
    });
  }
}

function registered(schema: AvroSchema, { references = [] }: WriterOptions): RegistrySchema {
  const text = typeof schema !== "string" || /^\s*[[{"]/.test(schema) ? schema : JSON.stringify(schema.trim());
  return { type: "AVRO", schema: typeof text === "string" ? text : JSON.stringify(text), references };
}
