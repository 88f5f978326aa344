/**
 * Reads values of Avro: a schema of the writer and one of the reader become one function.
 *
 * Records and maps become plain objects, `bytes` and `fixed` become `Uint8Array`s. Where the two schemas differ, it
 * follows the rules of https://avro.apache.org/docs/1.12.0/specification/#schema-resolution.
 *
 * @module
 */
import { AvroInput } from "./_avro_input.ts";
import { type AvroField, type AvroType, branchName, isWrapped, mayBeEmpty } from "./_avro_types.ts";

/** How many items without a byte of their own, such as nulls, a block may have. */
const EMPTY_ITEMS = 100_000;

type Read = (input: AvroInput) => unknown;

/** What a `long` becomes. */
export type Int64As = "bigint" | "number";

/**
 * Makes a function that reads values of the writer's schema as values of the reader's.
 *
 * @throws {TypeError} when no value of the one can be a value of the other
 */
export function readerOf(writer: AvroType, reader: AvroType, int64: Int64As): (bytes: Uint8Array) => unknown {
  const read = new Compiler(int64).read(writer, reader);
  return (bytes) => {
    const input = new AvroInput(bytes);
    const value = read(input);
    if (input.left > 0) throw new RangeError(`${input.left} bytes are left over after its value`);
    return value;
  };
}

/** Numbers as which other numbers may be read. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
};

class Compiler {
  readonly #made = new Map<AvroType, Map<AvroType, Read>>();

  constructor(readonly int64: Int64As) {}

  read(writer: AvroType, reader: AvroType): Read {
    let made = this.#made.get(writer);
    if (made === undefined) this.#made.set(writer, made = new Map());
    const known = made.get(reader);
    if (known !== undefined) return known;
    // A record may hold itself.
    let read: Read | undefined;
    made.set(reader, (input) => read!(input));
    try {
      read = this.#read(writer, reader);
    } catch (error) {
      made.delete(reader);
      throw error;
    }
    made.set(reader, read);
    return read;
  }

  #read(writer: AvroType, reader: AvroType): Read {
    if (writer.types !== undefined) return this.#writtenUnion(writer.types, reader);
    if (reader.types !== undefined) return this.#branch(writer, reader);
    const { typeName } = writer;
    if (typeName !== reader.typeName) return this.#promoted(writer, reader);
    switch (typeName) {
      case "array":
        return this.#array(writer.itemsType!, reader.itemsType!);
      case "map":
        return this.#map(writer.valuesType!, reader.valuesType!);
      case "enum":
        return namesAgree(writer, reader) ? enumOf(writer, reader) : mismatch(writer, reader);
      case "fixed": {
        const size = writer.size!;
        if (size !== reader.size || !namesAgree(writer, reader)) return mismatch(writer, reader);
        return (input) => input.view(size).slice();
      }
      case "record":
      case "error":
        return namesAgree(writer, reader) ? this.#record(writer, reader) : mismatch(writer, reader);
      default:
        return this.#primitive(typeName) ?? mismatch(writer, reader);
    }
  }

  #primitive(name: string): Read | undefined {
    switch (name) {
      case "null":
        return () => null;
      case "boolean":
        return readBoolean;
      case "int":
        return (input) => input.int();
      case "long":
        return this.int64 === "bigint" ? (input) => input.long() : (input) => input.number();
      case "float":
        return (input) => input.float();
      case "double":
        return (input) => input.double();
      case "bytes":
        return (input) => input.block().slice();
      case "string":
        return (input) => input.text();
      default:
        return undefined;
    }
  }

  #promoted(writer: AvroType, reader: AvroType): Read {
    const from = writer.typeName, to = reader.typeName;
    if (WIDER[from]?.includes(to)) {
      if (to === "long") return this.int64 === "bigint" ? (input) => BigInt(input.int()) : (input) => input.int();
      if (from === "long") return (input) => Number(input.long());
      return this.#primitive(from)!;
    }
    if (from === "string" && to === "bytes") return this.#primitive("bytes")!;
    if (from === "bytes" && to === "string") return this.#primitive("string")!;
    return mismatch(writer, reader);
  }

  #array(written: AvroType, wanted: AvroType): Read {
    const read = this.read(written, wanted);
    const empty = mayBeEmpty(written) ? EMPTY_ITEMS : 0;
    return (input) => {
      const items: unknown[] = [];
      for (let count = input.count(empty); count > 0; count = input.count(empty)) {
        for (; count > 0; count--) items.push(read(input));
        if (empty > 0 && items.length > EMPTY_ITEMS) {
          throw new RangeError(`it has more than ${EMPTY_ITEMS} items that take no byte`);
        }
      }
      return items;
    };
  }

  #map(written: AvroType, wanted: AvroType): Read {
    const read = this.read(written, wanted);
    return (input) => {
      const entries: Record<string, unknown> = {};
      for (let count = input.count(0); count > 0; count = input.count(0)) {
        for (; count > 0; count--) put(entries, input.text(), read(input));
      }
      return entries;
    };
  }

  #writtenUnion(types: readonly AvroType[], reader: AvroType): Read {
    const reads = types.map((type): Read => {
      try {
        return this.read(type, reader);
      } catch (error) {
        // Only a value of this branch is bad.
        return () => {
          throw error;
        };
      }
    });
    return (input) => {
      const branch = input.int();
      if (branch >= 0 && branch < reads.length) return reads[branch](input);
      throw new RangeError(`it has branch ${branch} of a union of ${reads.length}`);
    };
  }

  /** The branch of the reader's union that a value belongs to: one of the same type, or the first that can read it. */
  #branch(writer: AvroType, reader: AvroType): Read {
    const types = reader.types!;
    const same = types.filter((type) => type.typeName === writer.typeName && type.name === writer.name);
    for (const type of [...same, ...types]) {
      try {
        const read = this.read(writer, type);
        if (!isWrapped(reader) || type.typeName === "null") return read;
        const name = branchName(type);
        return (input) => ({ [name]: read(input) });
      } catch {
        // The next one may do.
      }
    }
    return mismatch(writer, reader);
  }

  #record(writer: AvroType, reader: AvroType): Read {
    const names = reader.fields!.map(({ name }) => name);
    const wanted = new Map(reader.fields!.map((field, at) => [field, at]));
    const steps = writer.fields!.map((field) => {
      const target = reader === writer ? field : targetOf(field, reader.fields!);
      const at = target === undefined ? -1 : wanted.get(target)!;
      if (target !== undefined) wanted.delete(target);
      return { at, read: this.read(field.type, target?.type ?? field.type) };
    });
    const defaults = [...wanted].map(([field, at]) => ({ at, make: this.#default(field, writer) }));
    return (input) => {
      const values: unknown[] = new Array(names.length);
      for (let step = 0; step < steps.length; step++) {
        const { at, read } = steps[step];
        const value = read(input);
        if (at >= 0) values[at] = value;
      }
      for (let step = 0; step < defaults.length; step++) values[defaults[step].at] = defaults[step].make();
      const record: Record<string, unknown> = {};
      for (let at = 0; at < names.length; at++) put(record, names[at], values[at]);
      return record;
    };
  }

  /** Makes a field's default anew for each record, so that records share nothing. */
  #default(field: AvroField, writer: AvroType): () => unknown {
    const value = field.defaultValue();
    if (value === undefined) {
      throw new TypeError(`the field "${field.name}" has no default, and ${branchName(writer)} is written without it`);
    }
    const bytes = Uint8Array.from(field.type.toBuffer(value));
    const read = this.read(field.type, field.type);
    return () => read(new AvroInput(bytes));
  }
}

/** The reader's field into which a written field goes: the one of that name, or one that has it as an alias. */
function targetOf({ name }: AvroField, fields: readonly AvroField[]): AvroField | undefined {
  return fields.find((field) => field.name === name) ?? fields.find(({ aliases }) => aliases?.includes(name));
}

function enumOf(writer: AvroType, reader: AvroType): Read {
  const symbols = writer.symbols!.map((symbol) => reader.symbols!.includes(symbol) ? symbol : reader.default);
  return (input) => {
    const at = input.int();
    const symbol = symbols[at];
    if (symbol !== undefined) return symbol;
    const written = writer.symbols![at];
    throw new RangeError(
      written === undefined
        ? `it has symbol ${at} of the enum ${writer.name}, which has ${symbols.length}`
        : `it has the symbol ${written}, which the enum ${reader.name} does not have`,
    );
  };
}

/** Whether two types have the same name, or the reader's has the other as an alias; namespaces do not matter. */
function namesAgree(writer: AvroType, { name, aliases = [] }: AvroType): boolean {
  if (writer.name === undefined || name === undefined) return true;
  const written = unqualified(writer.name);
  return [name, ...aliases].some((one) => unqualified(one) === written);
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function mismatch(writer: AvroType, reader: AvroType): never {
  throw new TypeError(`${shown(writer)} is written, and ${shown(reader)} is to be read`);
}

function shown(type: AvroType): string {
  return type.types === undefined ? branchName(type) : `a union of ${type.types.map(branchName).join(", ")}`;
}

function readBoolean(input: AvroInput): boolean {
  const byte = input.byte();
  if (byte > 1) throw new RangeError(`a boolean is 0 or 1, and it has ${byte}`);
  return byte === 1;
}

function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
