/**
 * Files of Protobuf, as a schema registry holds them: each schema is a file, and a record names a message by its place
 * in it.
 *
 * @module
 */
import { createFileRegistry, type DescFile, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";
import { messageOf } from "../base/thrown.ts";
import { decodeBase64, encodeBase64 } from "./_base64.ts";
import { referencesOf } from "./_registered.ts";
import type { RegistrySchema, SchemaReference, SchemaRegistry } from "./registry.ts";

/** Files that come with Protobuf, by the path by which they are imported. */
const WELL_KNOWN: ReadonlyMap<string, DescFile> = new Map(
  Object.values(wkt).filter((one): one is DescFile => (one as Partial<DescFile>).kind === "file")
    .map((file) => [`${file.name}.proto`, file]),
);

/** A file, and its messages by their places. */
export class ProtobufFile {
  constructor(readonly file: DescFile) {}

  /**
   * The message at a place.
   *
   * @throws {RangeError} when there is none
   */
  message(indexes: readonly number[]): DescMessage {
    let messages: readonly DescMessage[] = this.file.messages;
    let found: DescMessage | undefined;
    for (let at = 0; at < indexes.length; at++) {
      found = messages[indexes[at]];
      if (found === undefined) break;
      messages = found.nestedMessages;
    }
    if (found !== undefined) return found;
    throw new RangeError(`its schema ${this.file.name}.proto has no message at ${indexes.join("/")}`);
  }
}

/**
 * The file of a registry's schema, with the files that it imports.
 *
 * @throws {TypeError} when it is not a file of Protobuf
 */
export async function fileOf(registry: SchemaRegistry, schema: RegistrySchema): Promise<ProtobufFile> {
  const imported = await referencesOf(registry, schema);
  try {
    const proto = parse(schema.schema);
    const files = createFileRegistry(proto, (name) => {
      const found = imported.get(name);
      return found === undefined ? WELL_KNOWN.get(name) : { ...parse(found), name };
    });
    const file = files.getFile(proto.name);
    if (file !== undefined) return new ProtobufFile(file);
  } catch (error) {
    throw new TypeError(`its schema is no file of Protobuf: ${messageOf(error)}`, { cause: error });
  }
  throw new TypeError("its schema is no file of Protobuf");
}

function parse(schema: string) {
  return fromBinary(wkt.FileDescriptorProtoSchema, decodeBase64(schema));
}

/** The place of a message in its file. */
export function indexesOf(message: DescMessage): readonly number[] {
  const { parent, file } = message;
  return parent === undefined
    ? [file.messages.indexOf(message)]
    : [...indexesOf(parent), parent.nestedMessages.indexOf(message)];
}

/**
 * The schema of a file, as it is registered.
 *
 * @throws {TypeError} when the file imports one that is not among the references
 */
export function registeredFile(file: DescFile, references: readonly SchemaReference[]): RegistrySchema {
  for (const { name } of file.dependencies) {
    const path = `${name}.proto`;
    if (WELL_KNOWN.has(path) || references.some((one) => one.name === path)) continue;
    throw new TypeError(
      `Cannot create a sink: ${file.name}.proto imports ${path}, which the registry must hold: name its subject and ` +
        `version in references`,
    );
  }
  return { type: "PROTOBUF", schema: encodeBase64(toBinary(wkt.FileDescriptorProtoSchema, file.proto)), references };
}
