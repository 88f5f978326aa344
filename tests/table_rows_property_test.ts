/** A table after any epochs, faults and owners is what a map is that gets the same rows. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { commitCuts, MemoryStore, type Store } from "../state/mod.ts";
import { sortedKey } from "../state/sorted_key.ts";
import type { TableRow } from "../state/store.ts";
import { type Fault, FaultStore, filled, own, type Owner, testClock } from "./support/state.ts";

const clock = testClock();
const FILLERS = 950;

interface Epoch {
  /** Values by key; `null` deletes. */
  readonly rows: readonly (readonly [key: number, value: number | null])[];
  /** Whether it has so many more rows that they do not fit into its atomic. */
  readonly large: boolean;
  /** What becomes of each atomic, one after the other. */
  readonly faults: readonly Fault[];
  /** Another owner takes the task before this atomic of the epoch; `undefined`: none does. */
  readonly taken: number | undefined;
}

const fault = fc.constantFrom<Fault>(
  ...["none", "none", "done, said to have failed", "done, answer lost", "request lost", "request delayed"] as const,
);
const epoch: fc.Arbitrary<Epoch> = fc.record({
  rows: fc.uniqueArray(fc.tuple(fc.nat({ max: 5 }), fc.option(fc.nat({ max: 9 }), { nil: null })), {
    selector: ([key]) => key,
  }),
  large: fc.boolean(),
  faults: fc.array(fault, { maxLength: 6 }),
  taken: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
});

function rowsOf({ rows, large }: Epoch, number: number): TableRow[] {
  const own = rows.map(([key, value]) => ({ key: ["prices", key], value, bytes: value === null ? 0 : 9 }));
  const fillers = Array.from({ length: large ? FILLERS : 0 }, (_, i) => {
    return { key: ["prices", "filler", i], value: number, bytes: 9 };
  });
  return [...own, ...fillers];
}

/** The store, on which another owner takes the task before an atomic. */
function contested(store: FaultStore, { taken }: Epoch, take: () => Promise<void>): Store {
  let atomics = 0;
  return {
    ...{ name: store.name, get: store.get.bind(store), list: store.list.bind(store), close: () => {} },
    async atomic(checks, mutations) {
      if (atomics++ === taken) await take();
      return await store.atomic(checks, mutations);
    },
  };
}

async function contentOf(store: Store): Promise<Map<string, unknown>> {
  const content = new Map<string, unknown>();
  for await (const { key, value } of store.list(["prices"])) content.set(sortedKey(key), value);
  return content;
}

Deno.test("a table is what a map is that gets the same rows, whatever fails and whoever takes the task", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(epoch, { minLength: 1, maxLength: 6 }), async (epochs) => {
      const inner = new MemoryStore();
      const store = new FaultStore(inner);
      const model = new Map<string, unknown>();
      let owner: Owner = await own(inner);
      for (const [number, one] of epochs.entries()) {
        const { checkpoint } = owner;
        const rows = rowsOf(one, number);
        const before = checkpoint.head.epoch;
        const cut = checkpoint.cut({ ...filled(checkpoint), writes: { ahead: [], last: [], rows } });
        const faults = one.faults.values();
        store.fault = () => faults.next().value ?? "none";
        let next: Owner | undefined;
        const busy = contested(store, one, async () => {
          next = await own(inner);
        });
        await commitCuts(busy, [cut], { clock });
        store.fault = () => "none";
        if (next !== undefined) {
          owner = next;
          await owner.checkpoint.writeRows();
        }
        // Some delayed atomics arrive when a later epoch has written the same keys.
        if (number % 2 === 1) await store.deliver();
        if (owner.checkpoint.head.epoch > before) {
          for (const { key, value } of rows) {
            if (value === null) model.delete(sortedKey(key));
            else model.set(sortedKey(key), value);
          }
        }
        const sorted = [...model].sort(([a], [b]) => a < b ? -1 : 1);
        assertEquals([...await contentOf(inner)].sort(([a], [b]) => a < b ? -1 : 1), sorted);
      }
    }),
    { numRuns: 60 },
  );
});
