/** kafkajs sets no timer with a negative time: not in the connector's connections, and not in the plain clients of tests. */
import process from "node:process";
import { assertEquals } from "@std/assert";
import { systemClock } from "../base/clock.ts";
import { checkWhenDue, type RequestQueue } from "../connectors/kafka/kafkajs_queue.ts";
import { brokers, connect, ignore, plainClient } from "./support/kafka.ts";

Deno.test("a queue of requests sets its timer only while a request is queued or throttled", () => {
  let set = 0;
  const queue = { pending: [] as unknown[], throttledUntil: -1, scheduleCheckPendingRequests: () => void set++ };
  const checked: RequestQueue = queue;
  checkWhenDue(checked);
  queue.scheduleCheckPendingRequests();
  assertEquals(set, 0);
  queue.pending.push("a request");
  queue.scheduleCheckPendingRequests();
  assertEquals(set, 1);
  queue.pending.pop();
  queue.throttledUntil = Date.now() + 60_000;
  queue.scheduleCheckPendingRequests();
  assertEquals(set, 2);
});

Deno.test({
  name: "a connection and a plain client cause no TimeoutNegativeWarning",
  ignore,
  async fn() {
    const warned: string[] = [];
    const hear = ({ name }: Error) => void warned.push(name);
    process.on("warning", hear);
    const connection = await connect(brokers);
    await connection.topic("any");
    await connection.close();
    const admin = plainClient().admin();
    await admin.connect();
    await admin.listTopics();
    await admin.disconnect();
    await systemClock.turn();
    process.off("warning", hear);
    assertEquals(warned, []);
  },
});
