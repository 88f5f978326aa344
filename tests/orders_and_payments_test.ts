/** The example of orders and payments: what it says of each order, in every order of arrival, and through crashes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hours, memory, minutes } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import { day } from "../examples/orders_and_payments/main.ts";
import { ordersAndPayments, type Settled } from "../examples/orders_and_payments/pipeline.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const START = Date.UTC(2026, 2, 2, 8);

const order = (order_id: string, at: number, cents = 1_000) => ({
  key: order_id,
  value: { order_id, customer: "ada", cents, placed_ms: START + at },
  timestamp: START + at,
});
const payment = (order_id: string, at: number, cents = 1_000) => ({
  key: order_id,
  value: { payment_id: `of ${order_id}`, order_id, cents, paid_ms: START + at },
  timestamp: START + at,
});

Deno.test("orders and payments are joined within an hour, whichever comes first, and what lacks the other is told", async () => {
  await using test = await testPipeline(ordersAndPayments(memory()), { start: START });
  await test.push("payments", [payment("b", minutes(4), 900), payment("x", minutes(5))]);
  await test.push("orders", [order("a", 0), order("b", minutes(4)), order("c", minutes(6))]);
  await test.push("payments", payment("a", hours(1)));
  await test.push("payments", payment("c", minutes(6) + hours(1) + 1));
  assertEquals(test.results<Settled>("settled"), [
    { order_id: "b", status: "underpaid", due: 1_000, paid: 900 },
    { order_id: "a", status: "paid", due: 1_000, paid: 1_000 },
  ]);
  await test.end();
  assertEquals(test.results<Settled>("settled").slice(2).map(({ order_id, status }) => `${order_id} ${status}`), [
    "x unknown",
    "c unpaid",
    "c unknown",
  ]);
});

Deno.test("orders and payments that come too late go to a topic of their own", async () => {
  await using test = await testPipeline(ordersAndPayments(memory()), { start: START });
  await test.push("orders", order("a", hours(1)));
  await test.push("payments", payment("a", hours(1)));
  await test.push("orders", order("b", 0));
  assertEquals(test.results<{ order_id: string }>("late").map(({ order_id }) => order_id), ["b"]);
});

Deno.test("orders and payments come through crashes", async () => {
  const { orders, payments } = day(12);
  const input = [
    ...orders.map((value) => ({ topic: "orders", key: value.order_id, value, timestamp: value.placed_ms })),
    ...payments.map((value) => ({ topic: "payments", key: value.order_id, value, timestamp: value.paid_ms })),
  ].sort((a, b) => a.timestamp - b.timestamp);
  const report = await crashTest(() => ordersAndPayments(memory()), input, { partitions: 2 });
  assert(report.crashes > 20);
});

Deno.test("the program of orders and payments prints how many were paid, without any permission", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "examples/orders_and_payments/main.ts"],
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const printed = new TextDecoder().decode(stdout);
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  for (const [status, count] of [["paid", 420], ["underpaid", 60], ["unpaid", 120], ["unknown", 60]]) {
    assertStringIncludes(printed.replaceAll(/ +/g, " "), `│ ${status} │ ${count} │`);
  }
});
