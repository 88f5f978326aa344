/** Protobuf: what Java wrote is read, with a type at hand and by the schema's descriptor, and written again. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { create, createFileRegistry, type DescMessage, fromBinary, isMessage } from "@bufbuild/protobuf";
import { file_google_protobuf_timestamp, FileDescriptorProtoSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { protobuf } from "@tidemark/streams/protobuf";
import type { RecordCodec } from "@tidemark/streams/connectors";
import { readIndexes } from "../formats/_frame.ts";
import { bodyOf, headerOf } from "../formats/_frame.ts";
import { indexesOf } from "../formats/_protobuf_file.ts";
import { bytesOf, java } from "./support/java_bytes.ts";

/** The files of the records, as a program has them that was not generated. */
const parse = (path: string) => fromBinary(FileDescriptorProtoSchema, Uint8Array.fromBase64(java.protobuf.files[path]));
const files = createFileRegistry(
  parse("shop/orders.proto"),
  (path) => path === "google/protobuf/timestamp.proto" ? file_google_protobuf_timestamp : parse(path),
);
const typeOf = (name: string): DescMessage => files.getMessage(name)!;
const TYPES = { plain: "shop.Order", full: "shop.Order", refund: "shop.Refund", item: "shop.Order.Item" };
const Order = typeOf("shop.Order");
const orders = protobuf(Order) as RecordCodec<unknown>;

/** A record's message without what stands before it. */
const messageOf = (name: string) => readIndexes(bodyOf(bytesOf(java.protobuf.records, name))).message;

/** A message's fields, without the name of its type. */
function fields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fields);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => name !== "$typeName").map(([n, v]) => [n, fields(v)]),
  );
}

describe("Protobuf that Java wrote", () => {
  it("is read as messages, with bigints for all integers of 64 bits", () => {
    const nothing = {
      ...{ id: 0n, user: "", state: 0, raw: new Uint8Array(), items: [], labels: {}, paid: { case: undefined } },
      ...{ balance: 0n, serial: 0n, weight: 0 },
    };
    assertEquals(fields(orders.decode(messageOf("plain"))), { ...nothing, id: 7n, user: "ada" });
    assertEquals(fields(orders.decode(messageOf("full"))), {
      ...{ id: -(2n ** 63n), user: "grüße 🍵", note: "", state: 1, raw: new Uint8Array([0, 127, 128]) },
      items: [{ product: "tea 0", pieces: -(2 ** 31) }, { product: "tea 1", pieces: 1000 }],
      labels: { constructor: false, gift: true },
      at: { seconds: 1_700_000_000n, nanos: 5 },
      total: { cents: 2n ** 53n + 1n, currency: "EUR" },
      paid: { case: "voucher", value: 2n ** 64n - 1n },
      ...{ balance: -(2n ** 53n) - 1n, serial: 2n ** 63n - 1n, weight: 0.25 },
    });
  });

  it("is written again byte for byte", () => {
    for (const [name, type] of Object.entries(TYPES)) {
      const codec = protobuf(typeOf(type)) as RecordCodec<unknown>;
      assertEquals(codec.encode(codec.decode(messageOf(name))), messageOf(name).slice(), name);
    }
  });

  it("begins with the place of the message in its file", () => {
    const places = { plain: [0], full: [0], refund: [1], item: [0, 0], option: [0, 0, 0] };
    for (const [name, indexes] of Object.entries(places)) {
      const bytes = bytesOf(java.protobuf.records, name);
      assertEquals(readIndexes(bodyOf(bytes)).indexes, indexes, name);
      assertEquals(headerOf(java.protobuf.id, indexes), bytes.slice(0, bytes.length - messageOf(name).length), name);
    }
    assertEquals(
      ["shop.Order", "shop.Refund", "shop.Order.Item", "shop.Order.Item.Option"].map((name) => indexesOf(typeOf(name))),
      [[0], [1], [0, 0], [0, 0, 0]],
    );
  });
});

describe("Protobuf", () => {
  it("is written from plain objects and from messages", () => {
    const plain = {
      id: 7n,
      items: [{ product: "tea", pieces: 2 }],
      at: { seconds: 5n },
      paid: { case: "card", value: "x" },
    };
    const message = create(Order, {
      ...plain,
      at: create(TimestampSchema, { seconds: 5n }),
    } as never);
    assertEquals(orders.encode(plain), orders.encode(message));
    const read = orders.decode(orders.encode(plain));
    assertEquals(isMessage(read, Order), true);
  });

  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ id: 7n, more: 1 }, /^\$\.more is no field of shop\.Order$/],
    [{ items: [{}, { products: "x" }] }, /^\$\.items\[1\]\.products is no field of shop\.Order\.Item$/],
    [{ total: { euros: 7n } }, /^\$\.total\.euros is no field of shop\.Money$/],
    [{ card: "x" }, /^\$\.card is no field of shop\.Order$/],
    [{ paid: { case: "cash", value: 1 } }, /^\$\.paid\.cash is no field of shop\.Order$/],
    [null, /^\$ is no object, and the message shop\.Order is written$/],
    [7, /^\$ is no object/],
    [create(TimestampSchema), /^it is a google\.protobuf\.Timestamp, and shop\.Order is written$/],
    [{ id: "x" }, /shop\.Order\.id/],
    [{ user: 7 }, /^\$\.user is of type number, and its field is a string$/],
    [{ labels: { a: 1 } }, /^\$\.labels\.a is of type number, and its field is a boolean$/],
    [{ user: "\ud800" }, /^\$\.user has a lone surrogate/],
    [{ raw: [1] }, /^\$\.raw is of type object, and its field is a Uint8Array$/],
  ];
  for (const [value, message] of wrong) {
    it(`refuses to write what the type does not have: ${message.source}`, () => {
      let said = "";
      try {
        orders.encode(value);
      } catch (error) {
        said = (error as Error).message;
      }
      assertEquals(message.test(said), true, said);
    });
  }

  it("keeps fields that its type does not have", () => {
    const money = protobuf(typeOf("shop.Money")) as RecordCodec<unknown>;
    const bytes = orders.encode({ user: "ada", weight: 2 });
    assertEquals(money.encode(money.decode(bytes)), bytes);
  });

  it("refuses bytes that end too early, and a type that is none", () => {
    for (let length = 1; length < 10; length++) {
      assertThrows(() => orders.decode(messageOf("full").subarray(0, length + 1)), Error);
    }
    assertThrows(
      () => protobuf({} as DescMessage),
      TypeError,
      "Cannot create a Protobuf codec: type must be a message",
    );
    assertThrows(() => protobuf(undefined as never), TypeError, "type must be a message");
  });
});
