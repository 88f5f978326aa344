/** The contract suite for every operator, and what they refuse when a pipeline is built. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, lastValueFrom } from "rxjs";
import { count, eventTime, keyedReduce, lateSideOutput, tumblingWindow } from "@tidemark/streams/operators";
import { ASYNC } from "./contract/async.ts";
import { BASIC } from "./contract/basic.ts";
import { JOINS } from "./contract/joins.ts";
import { KEYED } from "./contract/keyed.ts";
import { WINDOWS } from "./contract/windows.ts";
import { holdsContract } from "./contract/suite.ts";
import { operatorNames } from "./support/operator_names.ts";

/** The subjects, a family a file. A subject's name begins with the name of its operator. */
const SUBJECTS = { ...ASYNC, ...BASIC, ...KEYED, ...WINDOWS, ...JOINS };

for (const [name, subject] of Object.entries(SUBJECTS)) holdsContract(name, subject);

describe("the operators", () => {
  it("every exported operator has a subject, so that none is forgotten", () => {
    const covered = new Set(Object.keys(SUBJECTS).map((name) => name.split(" ", 1)[0]));
    assertEquals(operatorNames().filter((name) => !covered.has(name)), []);
  });

  it("what is no function where one belongs throws when the pipeline is built", () => {
    const wrong = undefined as never;
    const aggregate = count<number>();
    const attempts: [() => unknown, string][] = [
      [() => eventTime(wrong), "Cannot create event time: timestamp must be a function"],
      [
        () => keyedReduce({ key: wrong, initial: 0, reduce: (n: number) => n }),
        "Cannot create a keyed reduce: key must be a function",
      ],
      [
        () => keyedReduce({ key: () => 1, initial: 0, reduce: wrong }),
        "Cannot create a keyed reduce: reduce must be a function",
      ],
      [
        () => tumblingWindow({ key: wrong, size: 1, aggregate }),
        "Cannot create tumbling windows: key must be a function",
      ],
      [() => lateSideOutput(wrong), "Cannot create a late side output: route must be a function"],
    ];
    for (const [attempt, sentence] of attempts) assertEquals(assertThrows(attempt, TypeError).message, sentence);
  });

  it("an error reaches a promise that waits for the stream", async () => {
    const bad = from([1, NaN]).pipe(eventTime((value: number) => value));
    await assertRejects(() => lastValueFrom(bad), RangeError, "safe integer");
  });
});
