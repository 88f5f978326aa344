/** Jobs that read and write Protobuf with the schemas of a registry. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createFileRegistry, type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { DurationSchema, file_google_protobuf_timestamp, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { map } from "rxjs";
import { deadLetter, memory } from "@tidemark/streams";
import { protobuf } from "@tidemark/streams/protobuf";
import { registry } from "@tidemark/streams/registry";
import { headerOf, joined } from "../formats/_frame.ts";
import { java } from "./support/java_bytes.ts";
import { first } from "./support/jobs.ts";
import { filled, finish, letters } from "./support/registry_jobs.ts";
import { TestRegistry } from "./support/schema_registry.ts";

describe("A job with Protobuf of a schema registry", () => {
  /** A registry with the files of the records that Java wrote. */
  function serve(): TestRegistry {
    const server = new TestRegistry();
    server.add("money", { schemaType: "PROTOBUF", schema: java.protobuf.files["shop/money.proto"] });
    server.put(java.protobuf.id, "orders-value", {
      schemaType: "PROTOBUF",
      schema: java.protobuf.files["shop/orders.proto"],
      references: [{ name: "shop/money.proto", subject: "money", version: 1 }],
    });
    return server;
  }

  const parse = (path: string) =>
    fromBinary(FileDescriptorProtoSchema, Uint8Array.fromBase64(java.protobuf.files[path]));
  const files = createFileRegistry(
    parse("shop/orders.proto"),
    (path) => path.startsWith("google/") ? file_google_protobuf_timestamp : parse(path),
  );
  const typeOf = (name: string): DescMessage => files.getMessage(name)!;
  const written = () => filled(java.protobuf.records.map(({ bytes }) => Uint8Array.fromBase64(bytes)));

  it("reads what Java wrote, whichever message of the file it is", async () => {
    await using server = serve();
    const log = written();
    const pipeline = log.source<Message>("orders", {
      codec: protobuf(registry({ url: server.url })),
      tombstones: "refuse",
    })
      .pipe(
        map((message) => message.$typeName),
        log.sink("seen"),
      );
    await finish(pipeline);
    assertEquals(
      log.read<string>("seen"),
      ["Order", "Order", "Refund", "Order.Item", "Order.Item.Option"].map((n) => `shop.${n}`),
    );
    assertEquals(server.seen.map(({ path }) => path), [
      ...["/schemas/ids/12", "/schemas/ids/12?format=serialized"],
      ...["/subjects/money/versions/1", "/subjects/money/versions/1?format=serialized"],
    ]);
  });

  it("reads one type, and what is of another one goes to the dead letters", async () => {
    await using server = serve();
    const log = memory();
    log.append("orders", java.protobuf.records.map(({ bytes }) => ({ value: Uint8Array.fromBase64(bytes) })));
    log.append("orders", [{ value: joined(headerOf(java.protobuf.id, [2]), new Uint8Array()) }]);
    log.append("orders", [{ value: joined(headerOf(java.protobuf.id), new Uint8Array([0x80])) }]);
    log.append("orders", [{ value: joined(headerOf(java.protobuf.id, [0]), new Uint8Array([8])) }]);
    log.end("orders");
    const codec = protobuf(registry({ url: server.url }), { type: typeOf("shop.Order") });
    const pipeline = log.source("orders", { codec, tombstones: "refuse" }).pipe(
      map((order) => String((order as unknown as { id: bigint }).id)),
      log.sink("seen"),
    );
    await finish(pipeline, { onBadRecord: deadLetter(log.sink("letters")) });
    assertEquals(log.read("seen"), ["7", "-9223372036854775808"]);
    assertEquals(letters(log).slice(0, 5), [
      ["orders/0@2", "it is a shop.Refund, and shop.Order is read"],
      ["orders/0@3", "it is a shop.Order.Item, and shop.Order is read"],
      ["orders/0@4", "it is a shop.Order.Item.Option, and shop.Order is read"],
      ["orders/0@5", "its schema shop/orders.proto has no message at 2"],
      ["orders/0@6", "the indexes of its message do not end"],
    ]);
    assertEquals(letters(log)[5][0], "orders/0@7");
  });

  it("writes with its descriptor, its references, and the place of its message", async () => {
    await using server = serve();
    const schemas = registry({ url: server.url });
    const log = memory();
    log.append("in", [{ value: "tea" }]);
    log.end("in");
    const references = [{ name: "shop/money.proto", subject: "money", version: 1 }];
    const sink = log.sink<object>("items", {
      codec: protobuf(schemas, { type: typeOf("shop.Order.Item"), references }),
    });
    await finish(
      log.source<string>("in", { tombstones: "refuse" }).pipe(map((product) => ({ product, pieces: 2 })), sink),
    );
    // Java's own descriptor has the same content, so it is the same schema.
    const [{ value }] = log.records("items");
    assertEquals(value!.slice(5), new Uint8Array([4, 0, 0, 10, 3, 0x74, 0x65, 0x61, 16, 2]));
    assertEquals(server.versions("items-value").length, 1);
    const reread = log.source<Message>("items", { codec: protobuf(schemas), tombstones: "refuse" });
    const [item] = await first(reread, 1);
    assertEquals(item.$typeName, "shop.Order.Item");

    assertThrows(
      () => log.sink("items", { codec: protobuf(schemas, { type: typeOf("shop.Order") }) }),
      TypeError,
      "shop/orders.proto imports shop/money.proto, which the registry must hold",
    );
    assertThrows(
      () => log.sink("items", { codec: protobuf(schemas) }),
      TypeError,
      "must be protobuf(registry, { type })",
    );
    assert(log.sink("items", { codec: protobuf(schemas, { type: DurationSchema }) }) !== undefined);
  });
});
