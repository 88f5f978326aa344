/**
 * A small schema registry on loopback. It has the REST paths of Confluent's that clients use, with its codes of errors:
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */

/** A schema that is registered. Of Protobuf it is the descriptor of a file, in base64. */
export interface StoredSchema {
  readonly schemaType?: string;
  readonly schema: string;
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

/** A request that came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
}

export class TestRegistry implements AsyncDisposable {
  /** All requests, in order. */
  readonly seen: SeenRequest[] = [];
  /** The `authorization` header that every request must have, if any. */
  login: string | undefined;
  /** The status with which everything is answered for now. */
  broken: number | undefined;
  /** Requests wait for this. */
  gate: Promise<void> = Promise.resolve();
  readonly #schemas: StoredSchema[] = [];
  /** The ids of the versions of each subject. */
  readonly #subjects = new Map<string, number[]>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param port a port of 127.0.0.1. By default a free one is taken */
  constructor(port = 0) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => this.#answer(request));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Registers a schema under a subject, and returns its id. */
  add(subject: string, schema: StoredSchema): number {
    const text = JSON.stringify(of(schema));
    let id = this.#schemas.findIndex((one) => JSON.stringify(of(one)) === text) + 1;
    if (id === 0) id = this.#schemas.push(schema);
    const versions = this.#subjects.get(subject) ?? [];
    this.#subjects.set(subject, versions);
    if (!versions.includes(id)) versions.push(id);
    return id;
  }

  /** Registers a schema with this id, as another registry gave it. */
  put(id: number, subject: string, schema: StoredSchema): void {
    while (this.#schemas.length < id - 1) this.#schemas.push({ schema: `"hole ${this.#schemas.length}"` });
    this.#schemas[id - 1] = schema;
    this.#subjects.set(subject, [...this.#subjects.get(subject) ?? [], id]);
  }

  /** The schemas of a subject, the first version first. */
  versions(subject: string): readonly StoredSchema[] {
    return (this.#subjects.get(subject) ?? []).map((id) => this.#schemas[id - 1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const authorization = request.headers.get("authorization");
    this.seen.push({ method: request.method, path: pathname + search, authorization });
    const body = await request.text();
    await this.gate;
    if (this.broken !== undefined) return refused(this.broken, this.broken, "broken for this test");
    if (this.login !== undefined && authorization !== this.login) return refused(401, 401, "Unauthorized");
    const parts = pathname.split("/").filter((part) => part !== "").map(decodeURIComponent);
    if (request.method === "GET") return this.#get(parts);
    const schema: StoredSchema = JSON.parse(body);
    if (parts[0] !== "subjects") return refused(404, 404, "HTTP 404 Not Found");
    if (parts.length === 3 && parts[2] === "versions") return this.#register(parts[1], schema);
    return this.#lookUp(parts[1], schema);
  }

  #get([root, first, kind, version]: readonly string[]): Response {
    if (root === "schemas" && first === "ids") {
      const schema = this.#schemas[Number(kind) - 1];
      return schema === undefined ? refused(404, 40403, "Schema not found") : Response.json(answerOf(schema));
    }
    if (root === "subjects" && kind === "versions") {
      const ids = this.#subjects.get(first);
      if (ids === undefined) return refused(404, 40401, `Subject '${first}' not found.`);
      const number = version === "latest" ? ids.length : Number(version);
      const id = ids[number - 1];
      if (id === undefined) return refused(404, 40402, `Version ${version} not found.`);
      return Response.json({ subject: first, version: number, id, ...answerOf(this.#schemas[id - 1]) });
    }
    return refused(404, 404, "HTTP 404 Not Found");
  }

  #register(subject: string, schema: StoredSchema): Response {
    if (schema.schema.includes("incompatible")) {
      return refused(
        409,
        409,
        `Schema being registered is incompatible with an earlier schema for subject "${subject}"`,
      );
    }
    return Response.json({ id: this.add(subject, schema) });
  }

  #lookUp(subject: string, schema: StoredSchema): Response {
    const ids = this.#subjects.get(subject);
    if (ids === undefined) return refused(404, 40401, `Subject '${subject}' not found.`);
    const text = JSON.stringify(of(schema));
    const id = ids.find((one) => JSON.stringify(of(this.#schemas[one - 1])) === text);
    if (id === undefined) return refused(404, 40403, "Schema not found");
    return Response.json({ subject, id, version: ids.indexOf(id) + 1, schema: schema.schema });
  }
}

/** What makes schemas the same. */
function of({ schemaType = "AVRO", schema, references = [] }: StoredSchema): unknown {
  return [schemaType, schemaType === "AVRO" ? JSON.stringify(JSON.parse(schema)) : schema, references];
}

function answerOf({ schemaType, schema, references = [] }: StoredSchema): object {
  return {
    ...(schemaType === undefined || schemaType === "AVRO" ? {} : { schemaType }),
    schema,
    ...(references.length === 0 ? {} : { references }),
  };
}

function refused(status: number, code: number, message: string): Response {
  return Response.json({ error_code: code, message }, { status });
}

// `deno run -A tests/support/schema_registry.ts 8081` runs one for programs in other languages.
if (import.meta.main) {
  const registry = new TestRegistry(Number(Deno.args[0] ?? 8081));
  console.log(registry.url);
}
