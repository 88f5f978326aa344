import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { days, hours, minutes, seconds } from "@tidemark/streams/operators";

describe("durations", () => {
  it("are milliseconds, each sixty or twenty-four of the one before", () => {
    assertEquals([seconds(1), minutes(1), hours(1), days(1)], [1_000, 60_000, 3_600_000, 86_400_000]);
    assertEquals([minutes(1), hours(1), days(1)], [seconds(60), minutes(60), hours(24)]);
  });

  it("are whole milliseconds, also of fractions that binary numbers only come near", () => {
    assertEquals([seconds(1.5), seconds(0.0004), hours(1.1), minutes(0.1)], [1_500, 0, 3_960_000, 6_000]);
  });

  it("keep their sign, for windows that are shifted backwards", () => {
    assertEquals([hours(-8), seconds(0)], [-28_800_000, 0]);
  });
});
