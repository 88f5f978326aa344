/** The example programs: what they find, in any order and through crashes, and that they run as their first lines say. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memory } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import {
  type AbandonedCart,
  abandonedCarts,
  type CartEvent,
  LEFT_ALONE,
} from "../examples/abandoned_carts/pipeline.ts";
import { type Alert, alerts, type Payment, SOON } from "../examples/fraud/pipeline.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const START = 1_700_000_000_000;

/** Runs a program as its first lines say, without any permission. */
async function printed(script: string): Promise<string[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", script],
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n");
}

/** Records with their own times, keyed by one of their fields. */
function keyed<T extends { readonly timestamp_ms: number }>(values: readonly T[], key: (value: T) => string) {
  return values.map((value) => ({ key: key(value), value, timestamp: value.timestamp_ms }));
}

describe("abandoned carts", () => {
  const touched = (user: string, what: CartEvent["what"], after: number, item?: string): CartEvent => {
    return { user, what, item, timestamp_ms: START + after };
  };
  const events = [
    touched("ada", "put", 0, "pen"),
    touched("ada", "put", 1000, "ink"),
    touched("bob", "put", 2000, "map"),
    touched("ada", "put", 700, "pen"),
    touched("bob", "take out", 5000, "map"),
    touched("eve", "put", 6000, "hat"),
    touched("eve", "pay", LEFT_ALONE),
    touched("eve", "put", LEFT_ALONE + 1000, "cap"),
  ];

  it("are told half an hour after they were touched last, with what is in them", async () => {
    await using test = await testPipeline(abandonedCarts(memory()), { start: START });
    await test.push("carts", keyed(events, ({ user }) => user));
    assertEquals(test.results("abandoned_carts"), []);
    const late = touched("eve", "put", LEFT_ALONE + 15_000, "cap");
    await test.push("carts", keyed([late], ({ user }) => user));
    assertEquals(test.results<AbandonedCart>("abandoned_carts"), [
      { user: "ada", items: { ink: 1, pen: 2 }, since_ms: START + 1000 },
    ]);
    await test.end();
    assertEquals(test.results<AbandonedCart>("abandoned_carts").slice(1), [
      { user: "eve", items: { cap: 2 }, since_ms: late.timestamp_ms },
    ]);
    for (const state of ["items", "touched", "timers"]) assertEquals(test.state(`carts/${state}`).size, 0, state);
  });

  it("are neither forgotten nor told twice where the process dies", async () => {
    const report = await crashTest(() => abandonedCarts(memory()), keyed(events, ({ user }) => user), {
      partitions: 2,
      start: START,
    });
    assert(report.crashes > 20);
    assertEquals(report.results, 2);
  });

  it("are printed by the program", async () => {
    assertEquals(await printed("examples/abandoned_carts/main.ts"), [
      "ada: 1 ink, 2 pen, since 2024-01-01T10:55:00.000Z",
      "bob: 1 map, since 2024-01-01T11:50:00.000Z",
    ]);
  });
});

describe("fraud by sequence", () => {
  const payment = (id: string, card: string, amount: number, country: string, after: number): Payment => {
    return { id, card, amount, country, timestamp_ms: START + after };
  };
  const payments = [
    payment("1", "a", 0.5, "DE", 0),
    payment("2", "a", 900, "FR", SOON - 1),
    payment("3", "b", 0.5, "DE", 0),
    payment("4", "b", 900, "FR", SOON),
    payment("5", "c", 900, "FR", 1000),
    payment("6", "c", 0.5, "DE", 900),
    payment("7", "d", 900, "FR", 900),
    payment("8", "d", 0.5, "DE", 1000),
    payment("9", "e", 0.5, "FR", 900),
    payment("10", "e", 900, "FR", 1000),
  ];
  const found = [["a", "1", "2"], ["c", "6", "5"]];
  /** They come in any order, as far as the watermark allows it. */
  const arrived = (some: readonly Payment[]) => {
    const early = some.filter(({ timestamp_ms }) => timestamp_ms <= START + 1000);
    return [...early, ...some.filter((one) => !early.includes(one))];
  };

  it("is a trial and soon after it a large payment elsewhere, by the times of the payments", async () => {
    for (
      const some of [
        payments,
        payments.toReversed(),
        payments.toSorted((a, b) => a.timestamp_ms - b.timestamp_ms),
      ]
    ) {
      await using test = await testPipeline(alerts(memory()), { start: START });
      await test.push("payments", keyed(arrived(some), ({ card }) => card));
      await test.end();
      const told = test.results<Alert>("alerts").map(({ card, trial, payment }) => [card, trial, payment]);
      assertEquals(told.sort(), found);
      for (const state of ["waiting", "trial", "timers"]) assertEquals(test.state(`fraud/${state}`).size, 0, state);
    }
  });

  it("is told once where the process dies", async () => {
    const report = await crashTest(() => alerts(memory()), keyed(arrived(payments), ({ card }) => card), {
      partitions: 2,
      start: START,
    });
    assert(report.crashes > 20);
    assertEquals(report.results, 2);
  });

  it("is printed by the program", async () => {
    assertEquals((await printed("examples/fraud/main.ts")).sort(), [
      "card 1: 650 with p5, after it was tried with p1",
      "card 2: 999 with p4, after it was tried with p3",
    ]);
  });
});
