/**
 * Writing to one topic with a schema of a registry: the schema is registered or looked up when the job starts, and each
 * value begins with its id.
 *
 * @module
 */
import type { RecordCodec } from "../connectors/codec.ts";
import { headerOf, joined } from "./_frame.ts";
import type { RegistrySchema, SchemaReference, SchemaRegistry } from "./registry.ts";

/** How a codec registers the schema with which a sink writes. */
export interface WriterOptions {
  /**
   * Whether the schema is registered. With `false` it must be there already, as where only a build may register
   * schemas; the job does not start without it.
   *
   * @default true
   */
  readonly register?: boolean;
  /**
   * The subject of the schema, by the topic and by what it is for.
   *
   * @default `<topic>-value` or `<topic>-key`, Confluent's TopicNameStrategy
   */
  readonly subject?: (topic: string, part: "key" | "value") => string;
  /** The schemas that this one names, as the registry holds them. @default none */
  readonly references?: readonly SchemaReference[];
}

/** What a format gives the writer. */
export interface WriterParts<T> {
  readonly topic: string;
  readonly part: "key" | "value";
  readonly options: WriterOptions;
  /** The schema to register. */
  readonly schema: () => RegistrySchema;
  /** Encodes a value, without anything before it. */
  readonly write: (value: unknown) => Uint8Array;
  /** For Protobuf: which message of the file it is. */
  readonly indexes?: readonly number[];
  /** Called with the id of the schema, so that what is written can be read without asking for it. */
  readonly registered: (id: number) => void;
  /** Reads what was written. */
  readonly read: Pick<RecordCodec<T>, "decode" | "prepare">;
}

export class RegisteredWriter<T> implements RecordCodec<T> {
  #header: Uint8Array | undefined;

  constructor(readonly registry: SchemaRegistry, readonly parts: WriterParts<T>) {}

  async prepareToWrite(): Promise<void> {
    const { topic, part, options: { register = true, subject = ofTopic }, schema, indexes } = this.parts;
    const name = subject(topic, part);
    const id = register ? await this.registry.register(name, schema()) : await this.registry.lookUp(name, schema());
    this.parts.registered(id);
    this.#header = headerOf(id, indexes);
  }

  encode(value: T): Uint8Array {
    if (this.#header === undefined) {
      throw new TypeError(`the schema of "${this.parts.topic}" is not registered yet: results are written by run()`);
    }
    return joined(this.#header, this.parts.write(value));
  }

  decode(bytes: Uint8Array): T {
    return this.parts.read.decode(bytes);
  }

  prepare(bytes: Uint8Array): Promise<void> | undefined {
    return this.parts.read.prepare?.(bytes);
  }
}

function ofTopic(topic: string, part: "key" | "value"): string {
  return `${topic}-${part}`;
}
