/**
 * A client of Confluent's schema registry, and of others that have its REST paths: Redpanda, Karapace, Apicurio.
 *
 * The codecs `avro(registry)` of `@tidemark/streams/avro` and `protobuf(registry)` of `@tidemark/streams/protobuf` read
 * and write with it. This module loads none of their libraries.
 *
 * @module
 */
import { encodeBase64Text } from "./_base64.ts";
import { ask, type RegistryPlace, RegistryRefusal } from "./_requests.ts";

/** How long a request may take by default, in milliseconds. */
const TIMEOUT = 10_000;

/** Options of {@linkcode registry}. */
export interface RegistryOptions {
  /** Where it is, such as `http://localhost:8081`. A path is kept: `http://localhost:8080/apis/ccompat/v7`. */
  readonly url: string | URL;
  /** The login: user and password, or a token. @default none */
  readonly auth?: { readonly username: string; readonly password: string } | { readonly token: string };
  /** How long a request may take, in milliseconds. @default 10,000 */
  readonly timeout?: number;
}

/** A schema, as a registry holds it. */
export interface RegistrySchema {
  /** The format: `AVRO`, `PROTOBUF` or `JSON`. */
  readonly type: string;
  /** Its text; for Protobuf the file's descriptor in base64. */
  readonly schema: string;
  /** Schemas that it names, each by the name that it has there. */
  readonly references: readonly SchemaReference[];
}

/** A schema that another one names. */
export interface SchemaReference {
  /** The name by which it is named: a type of Avro, or the path of an `import` of Protobuf. */
  readonly name: string;
  /** The subject that holds it. */
  readonly subject: string;
  /** Its version there. */
  readonly version: number;
}

/**
 * A schema registry. What it has answered once is kept for the life of this object, because an id never changes its
 * schema. All methods reject with an `UnavailableError` when the registry is away, and with another error when it
 * refuses.
 */
export interface SchemaRegistry {
  /** Where it is, without the login. */
  readonly url: string;
  /** The schema with this id; `undefined` when there is none. For Protobuf as its descriptor. */
  byId(id: number): Promise<RegistrySchema | undefined>;
  /** A schema that another one names. For Protobuf as its descriptor. */
  referenced(reference: SchemaReference): Promise<RegistrySchema>;
  /** Registers a schema under a subject, unless it is there already, and returns its id. */
  register(subject: string, schema: RegistrySchema): Promise<number>;
  /** The id of a schema that must be there already. */
  lookUp(subject: string, schema: RegistrySchema): Promise<number>;
}

/**
 * Makes a client of a schema registry. It connects only when a codec needs a schema.
 *
 * @param options where it is, and the login
 * @throws {TypeError} when the address is no URL of `http` or `https`, or contains a login
 * @throws {RangeError} when the timeout is no positive number
 *
 * @example A registry and its login
 * ```ts
 * import { registry } from "@tidemark/streams/registry";
 * import { assertEquals } from "@std/assert";
 *
 * const schemas = registry({ url: "http://localhost:8081", auth: { username: "tidemark", password: "secret" } });
 * assertEquals(schemas.url, "http://localhost:8081/");
 * ```
 */
export function registry(options: RegistryOptions): SchemaRegistry {
  return new HttpRegistry(placeOf(options));
}

class HttpRegistry implements SchemaRegistry {
  readonly url: string;
  /** Answers, and requests under way, by their path. */
  readonly #known = new Map<string, Promise<unknown>>();

  constructor(readonly place: RegistryPlace) {
    this.url = place.url.href;
  }

  async byId(id: number): Promise<RegistrySchema | undefined> {
    try {
      return await this.#once(`schemas/ids/${id}`, async (path) => {
        const { answer, type } = await this.#schema(`fetch schema ${id}`, path);
        return schemaOf(answer, type);
      });
    } catch (error) {
      if (error instanceof RegistryRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  referenced({ subject, version }: SchemaReference): Promise<RegistrySchema> {
    return this.#once(`subjects/${encodeURIComponent(subject)}/versions/${version}`, async (path) => {
      const { answer, type } = await this.#schema(`fetch version ${version} of the subject "${subject}"`, path);
      return schemaOf(answer, type);
    });
  }

  register(subject: string, schema: RegistrySchema): Promise<number> {
    return this.#idOf(`subjects/${encodeURIComponent(subject)}/versions`, `register a schema as "${subject}"`, schema);
  }

  lookUp(subject: string, schema: RegistrySchema): Promise<number> {
    return this.#idOf(`subjects/${encodeURIComponent(subject)}`, `look up a schema of "${subject}"`, schema);
  }

  /** Asks for a schema. Of Protobuf the descriptor is asked for, whose text nothing here could read. */
  async #schema(wanted: string, path: string): Promise<{ answer: Record<string, unknown>; type: string }> {
    const answer = await ask(this.place, { wanted, path });
    const type = typeof answer.schemaType === "string" ? answer.schemaType : "AVRO";
    if (type !== "PROTOBUF") return { answer, type };
    return { answer: await ask(this.place, { wanted, path: `${path}?format=serialized` }), type };
  }

  #idOf(path: string, wanted: string, { type, schema, references }: RegistrySchema): Promise<number> {
    const body = { ...(type === "AVRO" ? {} : { schemaType: type }), schema, references };
    return this.#once(`${path} ${JSON.stringify(body)}`, async () => {
      const { id } = await ask(this.place, { wanted, path, body });
      if (Number.isSafeInteger(id)) return id as number;
      throw new TypeError(`Cannot ${wanted}: the schema registry at ${this.url} answers without an id`);
    });
  }

  /** Asks once, and again only after a failure. */
  #once<T>(key: string, fetch: (path: string) => Promise<T>): Promise<T> {
    let known = this.#known.get(key) as Promise<T> | undefined;
    if (known === undefined) {
      known = fetch(key);
      this.#known.set(key, known);
      known.catch(() => this.#known.delete(key));
    }
    return known;
  }
}

function schemaOf({ schema, references }: Record<string, unknown>, type: string): RegistrySchema {
  if (typeof schema !== "string") throw new TypeError("The schema registry answers without a schema");
  return { type, schema, references: Array.isArray(references) ? references : [] };
}

function placeOf({ url, auth, timeout = TIMEOUT }: RegistryOptions): RegistryPlace {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TypeError(`Cannot use a schema registry: url must be of http or https, current value is ${String(url)}`);
  }
  const parsed = new URL(url);
  if (parsed.username !== "" || parsed.password !== "") {
    throw new TypeError("Cannot use a schema registry: url must be without a login, which belongs into auth");
  }
  if (!(timeout > 0)) {
    throw new RangeError(
      `Cannot use a schema registry: timeout must be milliseconds above 0, current value is ${timeout}`,
    );
  }
  return { url: parsed, timeout, authorization: auth === undefined ? undefined : authorizationOf(auth) };
}

function authorizationOf(auth: NonNullable<RegistryOptions["auth"]>): string {
  if ("token" in auth) return `Bearer ${auth.token}`;
  return `Basic ${encodeBase64Text(`${auth.username}:${auth.password}`)}`;
}
