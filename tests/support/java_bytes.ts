/** Bytes that Java wrote: see tests/fixtures/formats/README.md. */

interface JavaRecord {
  readonly name: string;
  /** In base64. */
  readonly bytes: string;
}

interface JavaBytes {
  readonly avro: {
    /** Texts of the schemas, by their subjects. */
    readonly schemas: Readonly<Record<string, string>>;
    readonly records: readonly (JavaRecord & { readonly subject: string })[];
  };
  readonly protobuf: {
    /** The id of the schema. */
    readonly id: number;
    /** Descriptors in base64, by the paths of the files. */
    readonly files: Readonly<Record<string, string>>;
    readonly records: readonly JavaRecord[];
  };
}

const folder = new URL("../fixtures/formats/", import.meta.url);
const read = async (name: string) => JSON.parse(await Deno.readTextFile(new URL(name, folder)));

export const java: JavaBytes = { avro: await read("avro.json"), protobuf: await read("protobuf.json") };

/** The bytes of a record, by its name. */
export function bytesOf(records: readonly JavaRecord[], name: string): Uint8Array {
  return Uint8Array.fromBase64(records.find((one) => one.name === name)!.bytes);
}
