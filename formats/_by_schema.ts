/**
 * What a codec has made of each schema of a registry: a decoder, or the reason why there is none. It is fetched before
 * it is needed, so that decoding is synchronous.
 *
 * @module
 */
import { systemClock } from "../base/clock.ts";
import { errorOf } from "../base/thrown.ts";
import { UnavailableError } from "../state/errors.ts";
import { RegistryRefusal } from "./_requests.ts";
import { readSchemaId, schemaIdOf } from "./_frame.ts";
import type { RegistrySchema, SchemaRegistry } from "./registry.ts";

/** A schema that the registry does not have is asked for again after this time, in milliseconds. */
const ASKED_AGAIN_AFTER = 30_000;

/** Decoders by the ids of their schemas. */
export class BySchema<Decoder extends object> {
  readonly #decoders = new Map<number, Decoder>();
  readonly #failures = new Map<number, { readonly error: Error; readonly until: number }>();
  readonly #underWay = new Map<number, Promise<void>>();
  /** The last one: most records of a topic have one schema. */
  #lastId = -1;
  #last: Decoder | undefined;

  /**
   * @param registry where schemas are
   * @param type the format of the schemas
   * @param make makes a decoder. What it throws makes the records of the schema bad
   */
  constructor(
    readonly registry: SchemaRegistry,
    readonly type: string,
    readonly make: (schema: RegistrySchema) => Promise<Decoder> | Decoder,
  ) {}

  /** Fetches the schema that a record names; `undefined` when it is there, or the bytes name none. */
  prepare(bytes: Uint8Array): Promise<void> | undefined {
    const id = schemaIdOf(bytes);
    if (id === undefined || id === this.#lastId || this.#decoders.has(id)) return undefined;
    const failure = this.#failures.get(id);
    if (failure !== undefined && systemClock.elapsed() < failure.until) return undefined;
    let underWay = this.#underWay.get(id);
    if (underWay === undefined) {
      underWay = this.#load(id).finally(() => this.#underWay.delete(id));
      this.#underWay.set(id, underWay);
    }
    return underWay;
  }

  /** Knows a schema without fetching it: that of a writer. */
  know(id: number, decoder: Decoder): void {
    this.#decoders.set(id, decoder);
  }

  /**
   * The decoder of a record.
   *
   * @throws {RangeError} when the bytes are not in the wire format
   * @throws {Error} when there is no decoder, with the reason
   */
  of(bytes: Uint8Array): Decoder {
    const id = readSchemaId(bytes);
    if (id === this.#lastId) return this.#last!;
    const decoder = this.#decoders.get(id);
    if (decoder === undefined) {
      throw this.#failures.get(id)?.error ?? new Error(`schema ${id} was not fetched from ${this.registry.url}`);
    }
    this.#lastId = id;
    return this.#last = decoder;
  }

  async #load(id: number): Promise<void> {
    try {
      const schema = await this.registry.byId(id);
      if (schema === undefined) {
        return this.#fail(id, new RangeError(`schema ${id} is not in the schema registry at ${this.registry.url}`));
      }
      if (schema.type !== this.type) {
        return this.#fail(id, new TypeError(`its schema ${id} is of ${schema.type}, and ${this.type} is read`));
      }
      this.#decoders.set(id, await this.make(schema));
      this.#failures.delete(id);
    } catch (error) {
      if (error instanceof UnavailableError || isLogin(error)) throw error;
      this.#fail(id, errorOf(error));
    }
  }

  #fail(id: number, error: Error): void {
    this.#failures.set(id, { error, until: systemClock.elapsed() + ASKED_AGAIN_AFTER });
  }
}

/** Whether the registry refuses the login, which no record is to blame for. */
function isLogin(error: unknown): boolean {
  return error instanceof RegistryRefusal && (error.status === 401 || error.status === 403);
}
