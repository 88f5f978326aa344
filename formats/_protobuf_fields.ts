/**
 * Finds what would be left out or changed silently: fields that a type of Protobuf does not have, and values of another
 * type than their field's.
 *
 * @module
 */
import { type DescField, type DescMessage, isMessage, ScalarType } from "@bufbuild/protobuf";
import { shownPath } from "../base/paths.ts";

/**
 * Checks the fields of a plain object.
 *
 * @throws {TypeError} when it has one that the type does not have, or a value of another type, with its path
 */
export function checkFields(type: DescMessage, value: unknown, path: readonly (string | number)[] = []): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${shownPath(path)} is no object, and the message ${type.typeName} is written`);
  }
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined || name.startsWith("$")) continue;
    const oneof = type.oneofs.find(({ localName }) => localName === name);
    if (oneof !== undefined) {
      const { case: chosen, value: inner } = part as { case?: string; value?: unknown };
      const field = oneof.fields.find(({ localName }) => localName === chosen);
      if (field === undefined && chosen !== undefined) throw unknown([...path, name, chosen], type);
      if (field !== undefined) checkInside(field, inner, [...path, name, "value"]);
      continue;
    }
    const field = type.field[name];
    if (field === undefined || field.oneof !== undefined) throw unknown([...path, name], type);
    checkInside(field, part, [...path, name]);
  }
}

function checkInside(field: DescField, value: unknown, path: readonly (string | number)[]): void {
  const { message, scalar } = field;
  const check = (part: unknown, step: readonly (string | number)[]) => {
    if (scalar !== undefined) checkScalar(scalar, part, step);
    // What the library makes another value of, such as a Struct of an object, is its own affair.
    if (message === undefined || isMessage(part) || message.typeName.startsWith("google.protobuf.")) return;
    checkFields(message, part, step);
  };
  if (field.fieldKind === "list" && Array.isArray(value)) value.forEach((one, at) => check(one, [...path, at]));
  else if (field.fieldKind === "map" && typeof value === "object" && value !== null) {
    for (const [name, one] of Object.entries(value)) check(one, [...path, name]);
  } else check(value, path);
}

/** Integers are checked by the library. */
function checkScalar(scalar: ScalarType, value: unknown, path: readonly (string | number)[]): void {
  if (typeof value === "string" && !value.isWellFormed()) {
    throw new TypeError(`${shownPath(path)} has a lone surrogate, and Protobuf has UTF-8`);
  }
  const wanted = WANTED[scalar];
  if (wanted === undefined || wanted === typeof value || (wanted === "Uint8Array" && value instanceof Uint8Array)) {
    return;
  }
  throw new TypeError(`${shownPath(path)} is of type ${typeof value}, and its field is a ${wanted}`);
}

const WANTED: Readonly<Partial<Record<ScalarType, string>>> = {
  [ScalarType.STRING]: "string",
  [ScalarType.BOOL]: "boolean",
  [ScalarType.BYTES]: "Uint8Array",
  [ScalarType.DOUBLE]: "number",
  [ScalarType.FLOAT]: "number",
};

function unknown(path: readonly (string | number)[], type: DescMessage): TypeError {
  return new TypeError(`${shownPath(path)} is no field of ${type.typeName}`);
}
