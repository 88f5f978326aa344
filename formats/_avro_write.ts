/**
 * Writes values in Avro's binary encoding. A value that the schema does not have is refused with its path.
 *
 * Source: https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 *
 * @module
 */
import { GrowingBytes, zigzag } from "../base/bytes.ts";
import { shownPath } from "../base/paths.ts";
import { textBytes } from "../base/text.ts";
import { type AvroField, type AvroType, branchName, isWrapped } from "./_avro_types.ts";

/** Integers up to this one stay safe in zigzag. */
const ZIGZAG_SAFE = 2 ** 51;

/** Texts with fewer characters than this have a length of one byte. */
const SHORT = 64;

/** What is written, and where in the value the writer is. */
class Output extends GrowingBytes {
  readonly path: (string | number)[] = [];

  /** Why a value is refused. `wanted` is what the schema has there. */
  refusal(value: unknown, wanted: string): TypeError {
    return new TypeError(`${shownPath(this.path)} is ${shownValue(value)}, and the schema has ${wanted} there`);
  }

  text(value: string): void {
    const { length } = value;
    if (length < SHORT) {
      // Most texts are short and of ASCII. Any other is written anew below.
      this.reserve(length + 1);
      const { bytes } = this;
      const start = this.length;
      bytes[start] = length * 2;
      let at = 0;
      for (; at < length; at++) {
        const code = value.charCodeAt(at);
        if (code > 0x7f) break;
        bytes[start + 1 + at] = code;
      }
      if (at === length) {
        this.length = start + 1 + length;
        return;
      }
    }
    if (!value.isWellFormed()) throw this.refusal(value, "UTF-8, and the text has a lone surrogate,");
    const bytes = textBytes(value);
    this.varint(bytes.length * 2).raw(bytes);
  }

  long(value: bigint): void {
    const number = Number(value);
    if (Math.abs(number) < ZIGZAG_SAFE) return void this.varint(zigzag(number));
    let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; left > 0x7fn; left >>= 7n) this.byte(Number(left & 0x7fn) | 0x80);
    this.byte(Number(left));
  }
}

type Write = (output: Output, value: unknown) => void;

/** Makes a function that writes values of a schema. It throws on a value that the schema does not allow, with the path. */
export function writerOf(type: AvroType): (value: unknown) => Uint8Array {
  const write = new Compiler().write(type);
  let output = new Output();
  return (value) => {
    output.length = 0;
    output.path.length = 0;
    write(output, value);
    const bytes = output.written.slice();
    // One large value must not keep its memory for good.
    if (output.bytes.length > KEPT_BYTES) output = new Output();
    return bytes;
  };
}

/** The largest buffer that is kept for the next value, in bytes. */
const KEPT_BYTES = 64 * 1024;

class Compiler {
  readonly #made = new Map<AvroType, Write>();

  write(type: AvroType): Write {
    const known = this.#made.get(type);
    if (known !== undefined) return known;
    // A record may hold itself.
    this.#made.set(type, (output, value) => write(output, value));
    const write = this.#write(type);
    this.#made.set(type, write);
    return write;
  }

  #write(type: AvroType): Write {
    if (type.types !== undefined) return isWrapped(type) ? this.#wrapped(type.types) : this.#union(type.types);
    switch (type.typeName) {
      case "array":
        return this.#array(type.itemsType!);
      case "map":
        return this.#map(type.valuesType!);
      case "record":
      case "error":
        return this.#record(type);
      case "enum":
        return (output, value) => {
          const at = type.symbols!.indexOf(value as string);
          if (at < 0) throw output.refusal(value, `one of ${type.symbols!.join(", ")}`);
          output.varint(at * 2);
        };
      case "fixed":
        return (output, value) => {
          if (!(value instanceof Uint8Array) || value.length !== type.size) {
            throw output.refusal(value, `a Uint8Array of ${type.size} bytes`);
          }
          output.raw(value);
        };
      default:
        return PRIMITIVES[type.typeName];
    }
  }

  #array(items: AvroType): Write {
    const write = this.write(items);
    return (output, value) => {
      if (!Array.isArray(value)) throw output.refusal(value, "an array");
      if (value.length > 0) output.varint(value.length * 2);
      for (let at = 0; at < value.length; at++) {
        output.path.push(at);
        write(output, value[at]);
        output.path.pop();
      }
      output.byte(0);
    };
  }

  #map(values: AvroType): Write {
    const write = this.write(values);
    return (output, value) => {
      if (!isObject(value)) throw output.refusal(value, "a map, which is an object,");
      const names = Object.keys(value);
      if (names.length > 0) output.varint(names.length * 2);
      for (const name of names) {
        output.path.push(name);
        output.text(name);
        write(output, value[name]);
        output.path.pop();
      }
      output.byte(0);
    };
  }

  #record(type: AvroType): Write {
    const fields = type.fields!.map((field) => {
      const { name, type } = field;
      // Every object has inherited fields of some names, such as `constructor`.
      return { name, write: this.write(type), default: defaultOf(field), inherited: name in Object.prototype };
    });
    const names = new Set(fields.map(({ name }) => name));
    return (output, value) => {
      if (!isObject(value)) throw output.refusal(value, `the record ${branchName(type)}`);
      let found = 0;
      for (let at = 0; at < fields.length; at++) {
        const field = fields[at];
        const part = field.inherited && !Object.hasOwn(value, field.name) ? undefined : value[field.name];
        if (part !== undefined) found++;
        if (part === undefined && field.default !== undefined) output.raw(field.default);
        else {
          output.path.push(field.name);
          field.write(output, part);
          output.path.pop();
        }
      }
      if (Object.keys(value).length > found) refuseUnknown(output, value, names);
    };
  }

  #union(types: readonly AvroType[]): Write {
    const branches = new Map(types.map((type, at) => [kindOf(type), { at, write: this.write(type) }]));
    const wanted = `one of ${types.map(branchName).join(", ")}`;
    return (output, value) => {
      const branch = branches.get(kindOfValue(value));
      if (branch === undefined) throw output.refusal(value, wanted);
      output.varint(branch.at * 2);
      branch.write(output, value);
    };
  }

  #wrapped(types: readonly AvroType[]): Write {
    const branches = new Map(types.map((type, at) => [branchName(type), { at, write: this.write(type) }]));
    const wanted = `null or an object with one of the branches ${[...branches.keys()].join(", ")}`;
    return (output, value) => {
      const name = value === null ? "null" : isObject(value) ? Object.keys(value)[0] : "";
      const branch = branches.get(name);
      if (branch === undefined || (isObject(value) && Object.keys(value).length !== 1)) {
        throw output.refusal(value, wanted);
      }
      output.varint(branch.at * 2);
      if (value === null) return;
      output.path.push(name);
      branch.write(output, (value as Record<string, unknown>)[name]);
      output.path.pop();
    };
  }
}

const PRIMITIVES: Readonly<Record<string, Write>> = {
  null(output, value) {
    if (value !== null) throw output.refusal(value, "null");
  },
  boolean(output, value) {
    if (typeof value !== "boolean") throw output.refusal(value, "a boolean");
    output.byte(value ? 1 : 0);
  },
  int(output, value) {
    if (typeof value !== "number" || (value | 0) !== value) throw output.refusal(value, "an int, which has 32 bits,");
    output.varint(zigzag(value));
  },
  long(output, value) {
    if (typeof value === "number" && Number.isSafeInteger(value)) {
      return Math.abs(value) < ZIGZAG_SAFE ? void output.varint(zigzag(value)) : output.long(BigInt(value));
    }
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) {
      throw output.refusal(value, "a long, which is a bigint of 64 bits or a safe integer,");
    }
    output.long(value);
  },
  float(output, value) {
    if (typeof value !== "number") throw output.refusal(value, "a float");
    output.reserve(4);
    output.data.setFloat32(output.length, value, true);
    output.length += 4;
  },
  double(output, value) {
    if (typeof value !== "number") throw output.refusal(value, "a double");
    output.reserve(8);
    output.data.setFloat64(output.length, value, true);
    output.length += 8;
  },
  bytes(output, value) {
    if (!(value instanceof Uint8Array)) throw output.refusal(value, "bytes, which are a Uint8Array,");
    output.varint(value.length * 2).raw(value);
  },
  string(output, value) {
    if (typeof value !== "string") throw output.refusal(value, "a string");
    output.text(value);
  },
};

/** The bytes of a field's default; `undefined` when it has none. */
function defaultOf(field: AvroField): Uint8Array | undefined {
  const value = field.defaultValue();
  return value === undefined ? undefined : Uint8Array.from(field.type.toBuffer(value));
}

function refuseUnknown(output: Output, value: Record<string, unknown>, names: ReadonlySet<string>): void {
  for (const name of Object.keys(value)) {
    if (names.has(name) || value[name] === undefined) continue;
    output.path.push(name);
    throw output.refusal(value[name], "no such field");
  }
}

/** What tells the branches of a union apart. No two of an unwrapped union are alike. */
function kindOf({ typeName }: AvroType): string {
  switch (typeName) {
    case "int":
    case "long":
    case "float":
    case "double":
      return "number";
    case "enum":
      return "string";
    case "fixed":
      return "bytes";
    case "map":
    case "error":
      return "record";
    default:
      return typeName;
  }
}

function kindOfValue(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "bigint") return "number";
  if (Array.isArray(value)) return "array";
  if (value instanceof Uint8Array) return "bytes";
  return typeof value === "object" ? "record" : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function shownValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "bigint") return `${String(value).slice(0, 40)}n`;
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array) return `a Uint8Array of ${value.length} bytes`;
  return typeof value === "object" && value !== null
    ? "an object"
    : typeof value === "function"
    ? "a function"
    : String(value);
}
