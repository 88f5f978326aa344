import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { atWatermark, everyCount, everyEventTime, everyProcessingTime, everyRecord } from "@tidemark/streams/operators";

describe("a trigger", () => {
  it("is data: what it counts, and how much of it", () => {
    assertEquals([atWatermark(), everyRecord(), everyCount(3), everyEventTime(5), everyProcessingTime(7)], [
      { every: "watermark", interval: 0 },
      { every: "records", interval: 1 },
      { every: "records", interval: 3 },
      { every: "eventTime", interval: 5 },
      { every: "processingTime", interval: 7 },
    ]);
  });

  it("refuses what is no number of records or milliseconds", () => {
    const wrong = "must be an integer above 0, current value is";
    assertThrows(() => everyCount(0), RangeError, `Cannot create everyCount(): n ${wrong} 0`);
    assertThrows(() => everyEventTime(1.5), RangeError, `Cannot create everyEventTime(): ms ${wrong} 1.5`);
    assertThrows(() => everyProcessingTime(NaN), RangeError, `Cannot create everyProcessingTime(): ms ${wrong} NaN`);
  });
});
