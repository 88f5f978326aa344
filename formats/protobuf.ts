/**
 * Protobuf: a codec for values and keys, with a type at hand or with the schemas of a schema registry.
 *
 * It is an export of its own, so that only programs that use Protobuf load the library `@bufbuild/protobuf`. Types come
 * from its generator, or from descriptors that are read at run time.
 *
 * @module
 */
import {
  create,
  type DescMessage,
  fromBinary,
  isMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { RecordCodec } from "../connectors/codec.ts";
import { BySchema } from "./_by_schema.ts";
import { bodyOf, readIndexes } from "./_frame.ts";
import { fileOf, indexesOf, ProtobufFile, registeredFile } from "./_protobuf_file.ts";
import { checkFields } from "./_protobuf_fields.ts";
import { isRegistry } from "./_registered.ts";
import { RegisteredWriter, type WriterOptions } from "./_writer.ts";
import type { SchemaRegistry } from "./registry.ts";

export type { WriterOptions };

/** Options of {@linkcode protobuf} with a schema registry. */
export interface ProtobufRegistryOptions<Desc extends DescMessage = DescMessage> extends WriterOptions {
  /**
   * The type of the values. A record of another type is bad; fields that the type does not have are kept in its
   * `$unknown`. A sink needs it.
   *
   * @default as each record was written
   */
  readonly type?: Desc;
}

/**
 * Messages in Protobuf's binary encoding, and nothing else.
 *
 * A value is a message of `@bufbuild/protobuf`: fields by their names in camel case, `int64` and its like as `bigint`
 * (as text where the field says `jstype = JS_STRING`), `bytes` as `Uint8Array`. A plain object with the same fields can
 * be written as well.
 *
 * @param type the type of all records, such as the generator writes it
 * @returns a codec that throws on bytes that are not of the type, and on values that have other fields
 *
 * @example A message whose type is known to every program
 * ```ts
 * import { protobuf } from "@tidemark/streams/protobuf";
 * import { DurationSchema } from "@bufbuild/protobuf/wkt";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const durations = protobuf(DurationSchema);
 * const bytes = durations.encode({ seconds: 7n, nanos: 1 });
 * assertEquals(bytes, new Uint8Array([8, 7, 16, 1]));
 * assertEquals(durations.decode(bytes).seconds, 7n);
 * assertThrows(() => durations.encode({ minutes: 7n } as never), TypeError, "$.minutes is no field");
 * ```
 */
export function protobuf<Desc extends DescMessage>(
  type: Desc,
): RecordCodec<MessageShape<Desc>> & { encode(value: MessageInitShape<Desc>): Uint8Array };
/**
 * Messages in Confluent's wire format: the id of the schema, the place of the message in it, and Protobuf's binary
 * encoding.
 *
 * A record's schema is fetched by its id before the record is pushed, and its partition waits. While the registry is
 * away, the job waits and says so; a schema that it does not have makes its records bad. The registry must give
 * schemas with `format=serialized`, as Confluent's, Redpanda's and Karapace do. For a sink the schema is registered, or
 * looked up, when the job starts.
 *
 * @param registry the schema registry, of `@tidemark/streams/registry`
 * @param options the type of the values, and how its schema is registered
 * @returns a codec, for `codec` of a source or sink, for `key` of a source and `keyCodec` of a sink
 *
 * @example Values of any type that the registry knows
 * ```ts
 * import { memory } from "@tidemark/streams";
 * import { protobuf } from "@tidemark/streams/protobuf";
 * import { registry } from "@tidemark/streams/registry";
 * import { DurationSchema } from "@bufbuild/protobuf/wkt";
 * import { assertEquals } from "@std/assert";
 *
 * const schemas = registry({ url: "http://localhost:8081" });
 * const log = memory();
 * const durations = log.source("calls", { codec: protobuf(schemas) }).pipe(
 *   log.sink("durations", { codec: protobuf(schemas, { type: DurationSchema }) }),
 * );
 * assertEquals(typeof durations.subscribe, "function");
 * ```
 */
export function protobuf<Desc extends DescMessage = DescMessage>(
  registry: SchemaRegistry,
  options?: ProtobufRegistryOptions<Desc>,
): RecordCodec<MessageShape<Desc>>;
export function protobuf(
  from: DescMessage | SchemaRegistry,
  options: ProtobufRegistryOptions = {},
): RecordCodec<Message> {
  if (!isRegistry(from)) {
    checkType(from);
    return { encode: (value) => encode(from, value), decode: (bytes) => fromBinary(from, bytes) };
  }
  if (options.type !== undefined) checkType(options.type);
  return new RegisteredProtobuf(from, options);
}

function encode(type: DescMessage, value: unknown): Uint8Array {
  if (isMessage(value, type)) return toBinary(type, value);
  if (isMessage(value)) throw new TypeError(`it is a ${value.$typeName}, and ${type.typeName} is written`);
  checkFields(type, value);
  return toBinary(type, create(type, value as MessageInitShape<DescMessage>));
}

class RegisteredProtobuf implements RecordCodec<Message> {
  readonly #files: BySchema<ProtobufFile>;

  constructor(readonly registry: SchemaRegistry, readonly options: ProtobufRegistryOptions) {
    this.#files = new BySchema(registry, "PROTOBUF", (schema) => fileOf(registry, schema));
  }

  prepare(bytes: Uint8Array): Promise<void> | undefined {
    return this.#files.prepare(bytes);
  }

  decode(bytes: Uint8Array): Message {
    const file = this.#files.of(bytes);
    const { indexes, message } = readIndexes(bodyOf(bytes));
    const written = file.message(indexes);
    const { type = written } = this.options;
    if (type.typeName !== written.typeName) {
      throw new TypeError(`it is a ${written.typeName}, and ${type.typeName} is read`);
    }
    return fromBinary(type, message);
  }

  encode(): never {
    throw new TypeError("a codec of a schema registry writes only in the sink that it was given to");
  }

  forTopic(topic: string, part: "key" | "value"): RecordCodec<Message> {
    const { registry, options } = this;
    const { type } = options;
    if (type === undefined) {
      throw new TypeError(
        `Cannot create a sink: Protobuf is written with a type, so the codec of "${topic}" must be protobuf(registry, { type })`,
      );
    }
    const schema = registeredFile(type.file, options.references ?? []);
    return new RegisteredWriter<Message>(registry, {
      ...{ topic, part, options },
      schema: () => schema,
      indexes: indexesOf(type),
      write: (value) => encode(type, value),
      registered: (id) => this.#files.know(id, new ProtobufFile(type.file)),
      read: this,
    });
  }
}

function checkType(type: unknown): void {
  if ((type as Partial<DescMessage> | undefined)?.kind === "message") return;
  throw new TypeError(
    "Cannot create a Protobuf codec: type must be a message of @bufbuild/protobuf, such as its generator writes it",
  );
}
