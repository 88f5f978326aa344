/**
 * Schemas of Avro. The library `avsc` parses and checks them; reading and writing values is done here, because a value
 * must be plain data, a record's bytes may be damaged, and its `long`s are numbers.
 *
 * @module
 */
import avsc from "avsc";
import { messageOf } from "../base/thrown.ts";

/** A type, as `avsc` makes it of a schema. */
export interface AvroType {
  readonly typeName: string;
  /** The full name of a record, an enum or a fixed type. */
  readonly name?: string;
  readonly aliases?: readonly string[];
  /** Of a record. */
  readonly fields?: readonly AvroField[];
  /** Of an array. */
  readonly itemsType?: AvroType;
  /** Of a map. */
  readonly valuesType?: AvroType;
  /** Of an enum. */
  readonly symbols?: readonly string[];
  readonly default?: string;
  /** Of a fixed type. */
  readonly size?: number;
  /** The branches of a union. */
  readonly types?: readonly AvroType[];
  toBuffer(value: unknown): Uint8Array;
}

/** A field of a record. */
export interface AvroField {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type: AvroType;
  /** The default, as `avsc` represents values; `undefined` when there is none. */
  defaultValue(): unknown;
}

/**
 * Parses a schema.
 *
 * @param schema its JSON, or the text of that
 * @param references schemas whose types it names, the first ones first
 * @throws {TypeError} when it is no schema of Avro
 */
export function parseSchema(schema: unknown, references: readonly string[] = []): AvroType {
  try {
    const registry = {};
    for (const one of references) avsc.Type.forSchema(parsed(one), { registry });
    return avsc.Type.forSchema(parsed(schema), { registry }) as unknown as AvroType;
  } catch (error) {
    throw new TypeError(`it is no schema of Avro: ${messageOf(error)}`, { cause: error });
  }
}

// deno-lint-ignore no-explicit-any -- avsc's own types do not have the schemas that name others
function parsed(schema: unknown): any {
  if (typeof schema !== "string") return schema;
  // A bare name, such as `string`, is a schema too.
  return /^\s*[[{"]/.test(schema) ? JSON.parse(schema) : schema.trim();
}

/** The name of a union's branch: that of the type, if it has one. */
export function branchName({ name, typeName }: AvroType): string {
  return name ?? typeName;
}

/** Whether a value of a union is written as `{ branch: value }`, because values do not tell its branches apart. */
export function isWrapped({ typeName }: AvroType): boolean {
  return typeName === "union:wrapped";
}

/** Whether a value of the type may take no byte at all. */
export function mayBeEmpty(type: AvroType, inside: readonly AvroType[] = []): boolean {
  if (type.typeName === "null" || type.size === 0) return true;
  if (type.typeName !== "record") return false;
  return inside.includes(type) || type.fields!.every((field) => mayBeEmpty(field.type, [...inside, type]));
}
