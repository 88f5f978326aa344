/**
 * Finds fields that a type of Protobuf does not have, which would be left out silently.
 *
 * @module
 */
import { type DescField, type DescMessage, isMessage } from "@bufbuild/protobuf";
import { shownPath } from "../base/paths.ts";

/**
 * Checks the fields of a plain object.
 *
 * @throws {TypeError} when it has one that the type does not have, with its path
 */
export function refuseUnknownFields(type: DescMessage, value: unknown, path: readonly (string | number)[] = []): void {
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
      if (field !== undefined) refuseInside(field, inner, [...path, name, "value"]);
      continue;
    }
    const field = type.field[name];
    if (field === undefined || field.oneof !== undefined) throw unknown([...path, name], type);
    refuseInside(field, part, [...path, name]);
  }
}

function refuseInside(field: DescField, value: unknown, path: readonly (string | number)[]): void {
  // What the library makes another value of, such as a Struct of an object, is its own affair.
  if (field.message === undefined || field.message.typeName.startsWith("google.protobuf.")) return;
  const check = (part: unknown, step: readonly (string | number)[]) => {
    if (!isMessage(part)) refuseUnknownFields(field.message!, part, step);
  };
  if (field.fieldKind === "message") return check(value, path);
  if (field.fieldKind === "list" && Array.isArray(value)) value.forEach((one, at) => check(one, [...path, at]));
  if (field.fieldKind === "map" && typeof value === "object" && value !== null) {
    for (const [name, one] of Object.entries(value)) check(one, [...path, name]);
  }
}

function unknown(path: readonly (string | number)[], type: DescMessage): TypeError {
  return new TypeError(`${shownPath(path)} is no field of ${type.typeName}`);
}
