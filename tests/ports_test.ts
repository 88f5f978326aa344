/** Programs of one test get ports of their own, although none of them listens yet. */
import { assertEquals } from "@std/assert";
import { freePort } from "./support/broker/ports.ts";

Deno.test("a port is given out once", () => {
  // Of about 17,000 ports so many that some would come twice.
  const ports = Array.from({ length: 2000 }, freePort);
  assertEquals(new Set(ports).size, ports.length);
});
