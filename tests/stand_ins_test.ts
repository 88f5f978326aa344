/** The packages of `@std` as these tests use them, whether they come from JSR or are the stand-ins: both must do the same. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";

const happened: string[] = [];

describe("describe() and it()", () => {
  beforeAll(() => void happened.push("all begin"));
  beforeEach(() => void happened.push("outer begins"));
  afterEach(() => void happened.push("outer ends"));
  afterAll(() => {
    happened.push("all end");
    assertEquals(happened, [
      ...["all begin", "outer begins", "first", "outer ends"],
      ...["outer begins", "inner begins", "second", "inner ends", "outer ends", "all end"],
    ]);
    happened.length = 0;
  });

  it("run hooks of outer groups around those of inner ones", () => void happened.push("first"));

  describe("in a group within a group", () => {
    beforeEach(() => void happened.push("inner begins"));
    afterEach(() => void happened.push("inner ends"));
    it("run a case that is given with its options", { sanitizeOps: false }, () => void happened.push("second"));
  });
});

describe("FakeTime", () => {
  it("runs timers in the order in which they fall due, and stands still between", () => {
    using time = new FakeTime(1000);
    const seen: number[] = [];
    setTimeout(() => seen.push(Date.now()), 30);
    const timer = setInterval(() => seen.push(Date.now()), 20);
    time.tick(45);
    clearInterval(timer);
    assertEquals([seen, time.now, time.start], [[1020, 1030, 1040], 1045, 1000]);
    assertEquals(time.next(), false);
  });

  it("lets promises settle before time goes on", async () => {
    using time = new FakeTime();
    let late = 0;
    Promise.resolve().then(() => setTimeout(() => late++, 10));
    await time.tickAsync(10);
    assertEquals(late, 1);
    setTimeout(() => setTimeout(() => late++, 5), 5);
    await time.runAllAsync();
    assertEquals(late, 2);
  });

  it("is the only one of its time, never goes back, and gives real time back", async () => {
    const before = Date;
    {
      using time = new FakeTime(1000);
      assertThrows(() => new FakeTime());
      assertThrows(() => time.now = 999, Error, "time");
      await assertRejects(() => time.delay(60_000, { signal: AbortSignal.abort() }));
      await time.delay(1);
      assertEquals(Date.now(), 1000);
    }
    assertEquals(Date, before);
    assertThrows(() => FakeTime.restore());
  });
});
