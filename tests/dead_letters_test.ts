/** The dead letters in the details of a job. */
import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deadLetter, embeddedLog, keyedReduce, memory, readDetails, run } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import { DeadLetters, shownDead } from "../runtime/details_dead.ts";

interface Order {
  readonly id: string;
  readonly cents: number;
}

const noon = Date.UTC(2026, 0, 5, 12);

/** A pipeline that refuses orders of more than 100 cents. */
function totals(log: Pick<ReturnType<typeof memory>, "source" | "sink">) {
  return log.source<Order>("orders", { tombstones: "refuse" }).pipe(
    keyedReduce({
      ...{ name: "totals", key: ({ id }: Order) => id, initial: 0 },
      reduce: (total: number, { cents }: Order) => {
        if (cents > 100) throw new RangeError(`${cents} cents are too many`);
        return total + cents;
      },
    }),
    log.sink("totals"),
  );
}

describe("details().deadLetters", () => {
  it("tell which record died, in which stage, why, and where its copy went", async () => {
    const broker = memory();
    await using test = await testPipeline(totals(broker), { start: noon, onError: deadLetter(broker.sink("dead")) });
    await test.push("orders", [{ key: "a", value: { id: "a", cents: 5 } }, {
      key: "b",
      value: { id: "b", cents: 500 },
    }]);
    await test.push("orders", { key: "c", value: "{" as unknown as Order });
    const { deadLetters, dead_letters, lastEvent } = await test.details();
    assertEquals([dead_letters, lastEvent], [2, 2]);
    const [second, first] = deadLetters;
    assertEquals(first, {
      ...{ topic: "orders", partition: 0, offset: 1, at: noon, stage: 'keyedReduce "totals"', task: 0, to: "dead" },
      reason: 'keyedReduce "totals": 500 cents are too many',
      sentence: 'orders/0@1 went to "dead": keyedReduce "totals": 500 cents are too many',
    });
    assertEquals([second.offset, second.stage, deadLetters.length], [2, 'keyedReduce "totals"', 2]);
  });

  it("are read from the state when no worker runs", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = embeddedLog(kv);
    for (const topic of ["orders", "totals", "dead"]) await log.create(topic);
    await log.append("orders", [{ key: "b", value: { id: "b", cents: 500 } }]);
    await log.end("orders");
    const job = await run(totals(log), {
      ...{ name: "shop", state: kv, log: () => {}, onError: deadLetter(log.sink("dead")) },
    });
    await job.finished;
    const { details } = await readDetails("shop", { state: kv });
    assertEquals(details.deadLetters.map(({ sentence }) => sentence), [
      'orders/0@0 went to "dead": keyedReduce "totals": 500 cents are too many',
    ]);
    assertEquals(job.events.list().map(({ kind, text }) => [kind, text])[1], [
      "dead letter",
      'orders/0@0 went to "dead": keyedReduce "totals": 500 cents are too many',
    ]);
  });
});

describe("DeadLetters", () => {
  const letter = (offset: number, reason = "it is bad") => {
    return { record: { topic: "orders", partition: 0, offset }, stage: "", reason, to: "dead" };
  };

  it("keep the newest 20, and ten of a second", () => {
    let told = 0;
    const letters = new DeadLetters(() => told++);
    for (let n = 0; n < 300; n++) letters.add(letter(n), noon + 10 * n);
    assertEquals(told, 300);
    // A hundred come in a second, and the first ten of it are kept.
    const seconds = [100, 200].flatMap((from) => Array.from({ length: 10 }, (_none, n) => from + n));
    assertEquals(letters.samples.map(({ offset }) => offset), seconds);
  });

  it("count a record once that is refused again, because its epoch is processed again", () => {
    let told = 0;
    const letters = new DeadLetters(() => told++);
    for (const offset of [1, 2, 1, 2]) letters.add(letter(offset), noon);
    assertEquals([told, letters.samples.length], [2, 2]);
  });

  it("are shown in 4 KB, however long their reasons are", () => {
    const letters = new DeadLetters();
    for (let n = 0; n < 20; n++) letters.add(letter(n, "x".repeat(500)), noon + n * 1_000);
    const shown = shownDead(letters.samples.map((sample) => ({ ...sample, task: 0 })));
    assertLess(JSON.stringify(shown).length, 4_200);
    assertEquals([shown[0].offset, shown[0].reason.length], [19, 160]);
  });
});
