import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { eventsOf } from "./support/events_of.ts";
import { Troubles } from "../runtime/troubles.ts";

function record(): { readonly lines: string[]; readonly troubles: Troubles } {
  const { lines, events } = eventsOf("clicks");
  return { lines, troubles: new Troubles({ events }) };
}

describe("Troubles", () => {
  it("tells the beginning and the end of a trouble once, however often it fails", () => {
    const { lines, troubles } = record();
    for (let tries = 0; tries < 3; tries++) troubles.tell("input", new Error("the broker is away"));
    assertEquals(troubles.text, "the broker is away");
    for (let tries = 0; tries < 3; tries++) troubles.tell("input", undefined);
    assertEquals(troubles.text, undefined);
    assertEquals(lines, [
      "Job clicks: waiting, because the broker is away",
      "Job clicks: the input is read again; all is well again",
    ]);
  });

  it("does not say that all is well while another trouble goes on", () => {
    const { lines, troubles } = record();
    troubles.tell("store", new Error("the file is locked"));
    troubles.tell("results", new Error("a topic refuses them"));
    assertEquals(troubles.text, "the file is locked; and a topic refuses them");
    troubles.tell("store", undefined);
    assertEquals(troubles.text, "a topic refuses them");
    troubles.tell("results", undefined);
    assertEquals(lines, [
      "Job clicks: waiting for the state store, because the file is locked",
      "Job clicks: waiting, because a topic refuses them",
      "Job clicks: the state store answers again; but still: a topic refuses them",
      "Job clicks: results are published again; all is well again",
    ]);
  });

  it("tells a trouble that changes its reason, each reason once", () => {
    const { lines, troubles } = record();
    for (const reason of ["away", "refused", "away", "refused"]) troubles.tell("group", new Error(reason));
    assertEquals(lines, ["Job clicks: waiting, because away", "Job clicks: waiting, because refused"]);
    assertEquals(troubles.text, "refused");
    troubles.tell("group", undefined);
    troubles.tell("group", new Error("away"));
    assertEquals(lines.at(-1), "Job clicks: waiting, because away");
  });

  it("says nothing of the end of what never began, and does not fill the log with one that never ends", () => {
    const { lines, troubles } = record();
    troubles.tell("tasks", undefined);
    for (let tries = 0; tries < 1000; tries++) troubles.tell("tasks", new Error(`try ${tries}`));
    assertEquals([lines.length, troubles.text], [20, "try 999"]);
  });
});
