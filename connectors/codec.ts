/**
 * Codecs of records: convert values to the bytes of a topic and back.
 *
 * @module
 */

import { textBytes } from "../base/text.ts";

/**
 * Converts values to a record's bytes and back. Both methods throw on what they cannot convert; the error message
 * becomes the reason of the refusal.
 */
export interface RecordCodec<T> {
  /** The bytes of a value. */
  encode(value: T): Uint8Array;
  /** Decodes bytes to a value. */
  decode(bytes: Uint8Array): T;
  /**
   * Fetches what `decode` needs for these bytes, such as the schema that they name. It is called for each record of a
   * fetch before any of its records is pushed, and the partition waits for the promise. `undefined`: nothing has to be
   * fetched.
   *
   * The promise resolves when `decode` can decide, be it that it will throw. With an `UnavailableError` it rejects when
   * something is away: the job says so, waits and calls again. Any other error stops the job.
   */
  prepare?(bytes: Uint8Array): Promise<void> | undefined;
  /**
   * The codec with which a sink writes the values, or the keys, of this topic. Called once, when the sink is made.
   *
   * @default the codec itself
   */
  forTopic?(topic: string, part: "key" | "value"): RecordCodec<T>;
  /**
   * Fetches what `encode` needs. Called when a job that writes with this codec starts; nothing is read before it has
   * resolved. It rejects as `prepare` does.
   */
  prepareToWrite?(): Promise<void>;
}

/**
 * A validator of the Standard Schema specification (https://standardschema.dev). Zod, Valibot, ArkType and others
 * implement it.
 */
export interface StandardSchema<T> {
  /** The validator, as the specification names it. */
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** The result of a validation. */
export type SchemaResult<T> = { readonly value: T; readonly issues?: undefined } | {
  readonly issues: readonly SchemaIssue[];
};

/** One problem that a validator has found. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where it is wrong. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Validates a value with a schema.
 *
 * @param schema any Standard Schema validator that is synchronous
 * @param value the decoded value
 * @returns the value as the schema returns it
 * @throws {TypeError} when the schema refuses the value, with the path of each problem; when it returns a promise
 *
 * @example A schema by hand
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { validate } from "@tidemark/streams/connectors";
 * const never = { "~standard": { validate: () => ({ issues: [{ message: "no such user", path: ["user"] }] }) } };
 * assertThrows(() => validate(never, {}), TypeError, "user: no such user");
 * ```
 */
export function validate<T>(schema: StandardSchema<T>, value: unknown): T {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new TypeError("the schema validates asynchronously; records are validated synchronously");
  }
  if (result.issues === undefined) return result.value;
  throw new TypeError(result.issues.map(describeIssue).join("; "));
}

function describeIssue({ message, path }: SchemaIssue): string {
  if (path === undefined || path.length === 0) return message;
  return `${path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")}: ${message}`;
}

/**
 * The bytes of a key in a record: strings as UTF-8, everything else as its decimal text.
 *
 * @throws {TypeError} when the key has another type, or is text with a lone surrogate, which UTF-8 would replace
 */
export function keyBytes(key: string | number | bigint | boolean): Uint8Array {
  switch (typeof key) {
    case "string":
      if (key.isWellFormed()) return textBytes(key);
      throw new TypeError(`a record's key is UTF-8, and ${JSON.stringify(key.slice(0, 100))} has a lone surrogate`);
    case "number":
    case "bigint":
    case "boolean":
      return textBytes(String(key));
    default:
      throw new TypeError(
        `a record's key must be text, a number, a bigint, a boolean, bytes or null, current value is ${
          key === undefined ? "undefined" : `of type ${typeof key}`
        }`,
      );
  }
}
