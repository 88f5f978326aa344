/** The clock of the machine, in a time that is made: what it says, and when it calls back. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { systemClock } from "../base/clock.ts";

const START = Date.UTC(2026, 0, 1);

describe("the clock of the machine", () => {
  it("says the milliseconds since 1970, also when somebody sets the machine's clock", () => {
    using time = new FakeTime(START);
    assertEquals(systemClock.now(), START);
    time.tick(90_000);
    assertEquals(systemClock.now(), START + 90_000);
  });

  it("calls back when the time has passed, once, and not where it was cancelled", () => {
    using time = new FakeTime(START);
    const called: string[] = [];
    systemClock.after(100, () => called.push("kept"));
    const cancel = systemClock.after(100, () => called.push("cancelled"));
    time.tick(99);
    assertEquals(called, []);
    cancel();
    time.tick(1);
    assertEquals(called, ["kept"]);
    time.tick(1000);
    assertEquals(called, ["kept"]);
  });

  it("lets whoever sleeps go on when the time has passed", async () => {
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
