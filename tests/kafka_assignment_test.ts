import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  assignTasks,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Member,
  partitionsOf,
  taskNumbers,
  wholeTasks,
} from "../connectors/kafka/assignment.ts";
import { layOut } from "../runtime/task_layout.ts";

function member(name: string, owned: number[] = [], generation = 1): Member {
  return {
    member: name,
    subscription: { topics: ["t"], tasks: "perPartition", incarnation: "one", owned, generation },
  };
}

const shares = (members: Member[], tasks: number) => Object.fromEntries(assignTasks(members, tasks));

Deno.test("assignTasks() gives a lone member everything", () => {
  assertEquals(shares([member("a")], 4), { a: [0, 1, 2, 3] });
});

Deno.test("assignTasks() takes from whoever has most when a member comes", () => {
  assertEquals(shares([member("a", [0, 1, 2, 3]), member("b")], 4), { a: [0, 1], b: [2, 3] });
  assertEquals(shares([member("a", [0, 1, 2]), member("b", [3, 4]), member("c")], 5), { a: [0, 1], b: [3, 4], c: [2] });
});

Deno.test("assignTasks() moves only what a member left behind", () => {
  assertEquals(shares([member("a", [0, 1]), member("c", [4, 5])], 6), { a: [0, 1, 2], c: [3, 4, 5] });
});

Deno.test("assignTasks() believes the younger of two claims", () => {
  assertEquals(shares([member("a", [0, 1], 3), member("b", [0, 1], 7)], 2), { a: [1], b: [0] });
});

Deno.test("assignTasks() leaves members without a task where there are too few", () => {
  assertEquals(shares([member("a", [0]), member("b")], 1), { a: [0], b: [] });
  assertEquals(shares([member("a"), member("b")], 0), { a: [], b: [] });
});

Deno.test("assignTasks() gives each task to one member, evenly, and moves no more than it must", () => {
  const claims = fc.record({
    tasks: fc.integer({ min: 0, max: 24 }),
    owned: fc.array(fc.tuple(fc.array(fc.integer({ min: 0, max: 30 })), fc.integer({ min: -1, max: 9 })), {
      minLength: 1,
      maxLength: 6,
    }),
  });
  fc.assert(fc.property(claims, ({ tasks, owned }) => {
    const members = owned.map(([list, generation], index) => member(`m${index}`, list, generation));
    const result = assignTasks(members, tasks);
    assertEquals([...result.values()].flat().sort((a, b) => a - b), Array.from({ length: tasks }, (_, index) => index));
    const loads = [...result.values()].map((list) => list.length);
    assert(Math.max(...loads) - Math.min(...loads) <= 1);
    // What is agreed upon is agreed upon again: nobody moves when nobody comes or goes.
    const again = members.map(({ member: name }) => member(name, result.get(name), 10));
    assertEquals(assignTasks(again, tasks), result);
  }));
});

Deno.test("subscriptions and assignments survive the round trip", () => {
  const subscription = { topics: ["a", "ü"], tasks: "single" as const, incarnation: "one", owned: [0], generation: 12 };
  assertEquals(decodeSubscription(encodeSubscription(subscription)), subscription);
  const assignment = new Map([["a", [0, 1]], ["ü", []]]);
  assertEquals(decodeAssignment(encodeAssignment(assignment)), { topics: assignment, ours: true, refused: undefined });
  const refused = decodeAssignment(encodeAssignment(new Map(), "Not you"));
  assertEquals(refused, { topics: new Map(), ours: true, refused: "Not you" });
  assertEquals(decodeAssignment(new Uint8Array()), { topics: new Map(), ours: false });
});

Deno.test("a partition that every task reads is with each member that has a task, once, and decides no task", () => {
  const layout = layOut("perPartition", new Map([["clicks", 4], ["rules", 2]]), new Set(["rules"]));
  const share = partitionsOf([1, 3], layout);
  assertEquals(share, new Map([["clicks", [1, 3]], ["rules", [0, 1]]]));
  assertEquals(partitionsOf([], layout), new Map([["clicks", []], ["rules", []]]));
  assertEquals(taskNumbers(share, layout), [1, 3]);
  // Another client's assignor gives each partition to one member.
  assertEquals(wholeTasks(new Map([["clicks", [0, 2]]]), layout), partitionsOf([0, 2], layout));
});
