import { assertEquals, assertThrows } from "@std/assert";
import { murmur2 } from "../base/hashing.ts";
import { keyPartition } from "../connectors/partitioner.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("murmur2() equals Java's, by the vectors of Apache Kafka's UtilsTest", () => {
  const vectors: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];
  for (const [text, hash] of vectors) assertEquals(murmur2(bytes(text)), hash, text);
});

Deno.test("keyPartition() takes the sign off as Kafka's toPositive does", () => {
  assertEquals(keyPartition(bytes("foobar"), 2 ** 31), -790332482 & 0x7fffffff);
  for (let index = 0; index < 1_000; index++) {
    const partition = keyPartition(bytes(`key-${index}`), 7);
    assertEquals(partition >= 0 && partition < 7, true);
  }
});

Deno.test("keyPartition() refuses a topic without partitions", () => {
  for (const partitions of [0, -1, 1.5, NaN]) {
    assertThrows(() => keyPartition(bytes("a"), partitions), RangeError, `current value is ${partitions}`);
  }
});
