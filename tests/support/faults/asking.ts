/** Sends one request of a flexible version to one broker, as plain bytes, and reads the answer. */
import { readExactly, writeAll } from "../broker/wire.ts";

const decoder = new TextDecoder();

/** Sends a request and returns the answer after its header. */
export async function ask(
  address: string,
  { key, version }: { readonly key: number; readonly version: number },
  body: Uint8Array,
): Promise<Uint8Array> {
  const split = address.lastIndexOf(":");
  using connection = await Deno.connect({ hostname: address.slice(0, split), port: Number(address.slice(split + 1)) });
  // Size, key, version, correlation id, a null client id, no tagged fields.
  const request = new Uint8Array(4 + 2 + 2 + 4 + 2 + 1 + body.length);
  const view = new DataView(request.buffer);
  view.setInt32(0, request.length - 4);
  view.setInt16(4, key);
  view.setInt16(6, version);
  view.setInt32(8, 1);
  view.setInt16(12, -1);
  request.set(body, 15);
  await writeAll(connection, request);
  const size = new DataView((await readExactly(connection, 4)).buffer).getInt32(0);
  const answer = await readExactly(connection, size);
  return answer.subarray(4 + 1);
}

/** Reads an answer field by field. */
export class Reading {
  readonly #view: DataView;
  #at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int16(): number {
    return this.#view.getInt16((this.#at += 2) - 2);
  }

  int32(): number {
    return this.#view.getInt32((this.#at += 4) - 4);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  varint(): number {
    for (let value = 0, shift = 0;; shift += 7) {
      const byte = this.bytes[this.#at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  string(): string {
    const length = this.varint() - 1;
    if (length <= 0) return "";
    return decoder.decode(this.bytes.subarray(this.#at, this.#at += length));
  }

  list(read: () => void): void {
    for (let left = this.varint() - 1; left > 0; left--) read();
  }

  tags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint();
      this.skip(this.varint());
    }
  }
}
