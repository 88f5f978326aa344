/** A job with a hop goes on with what an earlier version has stored and sent: each click is counted once. */
import { assert, assertEquals } from "@std/assert";
import { type EmbeddedLog, embeddedLog } from "@tidemark/streams";
import { decodeHead, HEAD_FORMAT } from "../state/head_codec.ts";
import { entriesOf, fixtureOf } from "./support/stored.ts";
import { hopClick, runHop } from "./support/stored_hop.ts";

/** The first format with a fixture of a hop. */
const FIRST = 4;
const HOP = "clicks.by-kind.repartition";
const decoder = new TextDecoder();
/** How many clicks come after the job was continued. */
const MORE = 60;

for (let format = FIRST; format <= HEAD_FORMAT; format++) {
  Deno.test(`A job of format ${format} that was killed with records in its hop counts each click once`, async () => {
    using kv = await Deno.openKv(":memory:");
    for (const { key, value } of entriesOf(await Deno.readFile(fixtureOf(format, "hop")))) {
      await kv.set(key as Deno.KvKey, value);
    }
    const log = embeddedLog(kv);
    assert(await unread(kv, format), "nothing waits in the hop");
    const before = (await log.bounds("clicks")).reduce((sum, { latest }) => sum + latest, 0);
    await log.append("clicks", Array.from({ length: MORE }, (_, n) => hopClick(before + n)));
    await log.end("clicks");
    await (await runHop(log, kv)).finished;

    const clicks = Array.from({ length: before + MORE }, (_, n) => hopClick(n));
    const counts = await resultsOf(log, "counts"), minutes = await resultsOf(log, "minutes");
    for (const [kind, of] of Object.entries(Object.groupBy(clicks, ({ value }) => value.kind))) {
      assertEquals(counts.filter(({ key }) => key === kind).map(({ value }) => value), of!.map((_, at) => at + 1));
      const inWindows = minutes.filter(({ key }) => key === kind).reduce((sum, { value }) => sum + value, 0);
      assertEquals(inWindows, of!.length);
    }
  });
}

async function resultsOf(log: EmbeddedLog, topic: string): Promise<{ key: string; value: number }[]> {
  const records = await Array.fromAsync(log.read(topic));
  return records.map(({ value }) => JSON.parse(decoder.decode(value!)));
}

/** Whether a task of the stored job has not read all of its hop. */
async function unread(kv: Deno.Kv, format: number): Promise<boolean> {
  const { value: tail } = await kv.get<{ next: number[] }>(["log", "tail", HOP]);
  for (const [task, next] of tail!.next.entries()) {
    const { value } = await kv.get<Uint8Array>(["job", "clicks", task, "head"]);
    assertEquals(value![0], format);
    if (decodeHead(value!).offsets[HOP][task] < next) return true;
  }
  return false;
}
