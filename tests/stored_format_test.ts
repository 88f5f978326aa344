/** What earlier versions have stored is opened by this one: everything is found, published, gone on with, and stored anew. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memory } from "@tidemark/streams";
import { HEAD_FORMAT } from "../state/head_codec.ts";
import { TaskKeys } from "../state/keys.ts";
import type { MemoryStore } from "../state/memory_store.ts";
import { readHead } from "../state/read_head.ts";
import { assertCounted, byKey } from "./support/jobs.ts";
import { contents, keysOf, own, type Owner, put, testClock } from "./support/state.ts";
import { fixtureOf, loaded } from "./support/stored.ts";
import { runStored, STORED_READ, storedClicks } from "./support/stored_job.ts";
import {
  STORED_CLOCKS,
  STORED_RESULTS,
  STORED_ROWS,
  STORED_TOLD,
  storedCounts,
  storedKey,
  storedWindows,
  TASK,
} from "./support/stored_task.ts";

/** Every format that a version has written. */
const FORMATS = Array.from({ length: HEAD_FORMAT }, (_, i) => i + 1);

async function stored(format: number, name: string): Promise<MemoryStore> {
  return await loaded(await Deno.readFile(fixtureOf(format, name)));
}

/** The format of a head as it lies there. */
async function formatOf(store: MemoryStore): Promise<number> {
  return (await store.get<Uint8Array>(["job", TASK.job, TASK.task, "head"]))!.value[0];
}

let owners = 0;

/** Takes the task. Random numbers are others than those of whoever made the fixture, or the fences would be the same. */
async function goOn(store: MemoryStore): Promise<Owner> {
  const owner = await own(store, { ...TASK, clock: testClock(1_000_000 + ++owners) });
  await owner.checkpoint.writeRows();
  return owner;
}

for (const format of FORMATS) {
  describe(`a store of format ${format}`, () => {
    it("has a fixture with all that a head can name", async () => {
      const store = await stored(format, "task");
      assertEquals(await formatOf(store), format);
      const { head } = (await readHead(store, TASK))!;
      assert(head.ranges.length > 0 && head.outbox.length > 0, "it has deltas and results");
      assertEquals(head.told?.at, format < 4 ? undefined : STORED_TOLD.at);
      assertEquals<unknown>(head.told?.raisedBy, format < 4 ? undefined : STORED_TOLD.raisedBy);
      const [counts, windows] = head.states;
      assert(counts.bases > 1 && counts.buckets > 2, `${counts.bases} bases in ${counts.buckets} buckets`);
      const chunks = await keysOf(store, new TaskKeys(TASK.job, TASK.task).chunks("base"));
      assert(chunks.length > 1, "a base lies in chunks");
      assertEquals([counts.name, windows.name], ["counts", "windows"]);
    });

    it("is restored, with everything that was committed", async () => {
      const store = await stored(format, "task");
      const owner = await goOn(store);
      assertEquals(contents(owner.counts), storedCounts());
      assertEquals(contents(owner.windows), storedWindows());
      assertEquals(owner.counts.find(storedKey(3))?.value, storedCounts()[`0 string ${storedKey(3)}`]);
      const { head } = owner.checkpoint;
      assertEquals(head.offsets.clicks, { 0: 4711, 1: 12 });
      assertEquals(head.clocks.main.watermark, STORED_CLOCKS.main.watermark);
      // Format 1 does not know whether a partition was idle.
      const partitions = STORED_CLOCKS.main.partitions.map(([topic, partition, highest, idle]) => {
        return [topic, partition, highest, format > 1 && idle];
      });
      assertEquals<unknown>(head.clocks.main.partitions, partitions);
      assertEquals(Object.entries(head.counters).sort(), [["late", 3], ["outputs.counts", 2], ["records_in", 4723]]);
      assertEquals(head.topics.clicks, "0123456789abcdef0123456789abcdef");
      assertEquals(await owner.checkpoint.readOutbox(head.outbox[0]), STORED_RESULTS);
    });

    it("has its rows written by the next owner, where a head can name them", async () => {
      const store = await stored(format, "task");
      assertEquals((await readHead(store, TASK))!.head.unwritten?.records, format < 3 ? undefined : STORED_ROWS.length);
      await goOn(store);
      const written = await Array.fromAsync(store.list(["prices"]), ({ key, value }) => ({ key, value }));
      const expected = STORED_ROWS.filter(({ value }) => value !== null).map(({ key, value }) => ({ key, value }));
      assertEquals<unknown>(written, format < 3 ? [] : expected);
    });

    it("is gone on with, published and committed in the format of today, epoch by epoch", async () => {
      const store = await stored(format, "task");
      const counts = storedCounts();
      for (let epoch = 0; epoch < 12; epoch++) {
        const owner = await goOn(store);
        for (let i = 0; i < 40; i++) {
          const key = storedKey((epoch * 37 + i) % 450);
          const value = i % 5 === 0 ? undefined : `${epoch} ${"z".repeat(i)}`;
          put(owner.counts, key, value);
          if (value === undefined) delete counts[`0 string ${key}`];
          else counts[`0 string ${key}`] = value;
        }
        assertEquals(await owner.commit({ published: owner.checkpoint.head.epoch }), "committed");
        assertEquals(owner.checkpoint.head.outbox, []);
        assertEquals(await formatOf(store), HEAD_FORMAT);
        const next = await goOn(store);
        assertEquals(sorted(contents(next.counts)), sorted(counts));
        assertEquals(sorted(contents(next.windows)), sorted(storedWindows()));
        await next.checkpoint.sweep();
      }
    });

    it("leaves nothing of the old layout behind once it was committed and swept", async () => {
      const store = await stored(format, "task");
      const owner = await goOn(store);
      for (let epoch = 0; epoch < 40; epoch++) {
        put(owner.counts, storedKey(epoch), epoch);
        await owner.commit({ published: owner.checkpoint.head.epoch });
      }
      const { head, keys } = owner.checkpoint;
      const eras = new Set((await keysOf(store, keys.buckets)).map((key) => key[4]));
      assert([...eras].every((era) => era === head.era), `bases of the eras ${[...eras]} are left in era ${head.era}`);
    });

    it("goes on as a job, whose results are those of a job that was never stopped", async () => {
      const store = await stored(format, "job");
      const log = memory();
      log.create("clicks", { partitions: 2 });
      log.append("clicks", [...storedClicks(0, STORED_READ), ...storedClicks(STORED_READ, 2 * STORED_READ)]);
      log.end("clicks");
      const job = await runStored(log, store);
      await job.finished;
      const counts = log.read<{ key: string; value: number }>("counts");
      const before = storedClicks(0, STORED_READ).map(({ key }, i, all) => {
        return { key, value: all.slice(0, i + 1).filter((other) => other.key === key).length };
      });
      assertCounted([...before, ...counts], storedClicks(0, 2 * STORED_READ).map(({ key }) => key));
      // The windows that were open when the job was stopped hold what came before as well as what came after.
      const minutes = byKey(log.read<{ key: string; value: number }>("minutes"));
      for (const values of Object.values(minutes)) assertEquals(new Set(values.slice(0, -1)), new Set([20]));
    });
  });
}

function sorted(found: Record<string, unknown>): [string, unknown][] {
  return Object.entries(found).sort(([a], [b]) => a < b ? -1 : 1);
}
