/** The clocks of the machine, in a time that is made: what they say, and when they call back. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { wallClock } from "../connectors/_local_clock.ts";
import { machineClock } from "../connectors/kafka/clock.ts";
import { systemClock } from "../runtime/clock.ts";

const START = Date.UTC(2026, 0, 1);

describe("the clocks of the machine", () => {
  it("say the milliseconds since 1970, also when somebody sets the machine's clock", () => {
    using time = new FakeTime(START);
    assertEquals([systemClock.now(), wallClock()], [START, START]);
    time.tick(90_000);
    assertEquals([systemClock.now(), wallClock()], [START + 90_000, START + 90_000]);
  });

  for (const [name, clock] of Object.entries({ systemClock, machineClock })) {
    it(`${name} calls back when the time has passed, once, and not where it was cancelled`, () => {
      using time = new FakeTime(START);
      const called: string[] = [];
      clock.after(100, () => called.push("kept"));
      const cancel = clock.after(100, () => called.push("cancelled"));
      time.tick(99);
      assertEquals(called, []);
      cancel();
      time.tick(1);
      assertEquals(called, ["kept"]);
      time.tick(1000);
      assertEquals(called, ["kept"]);
    });
  }

  it("let whoever sleeps go on when the time has passed", async () => {
    using time = new FakeTime(START);
    let awake = false;
    const sleeping = systemClock.sleep(5000).then(() => awake = true);
    await time.tickAsync(4999);
    await time.runMicrotasks();
    assertEquals(awake, false);
    await time.tickAsync(1);
    await sleeping;
    assertEquals([awake, time.now], [true, START + 5000]);
  });
});
