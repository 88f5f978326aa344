/** Keys that are alike but for a part of them: an epoch of theirs writes what an epoch of other keys does. */
import { assert } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { commitCuts } from "../state/commit.ts";
import { MemoryStore } from "../state/memory_store.ts";
import { own, put } from "./support/state.ts";

const USERS = 4000;
const EPOCHS = 40;
const EVENTS = 1000;

/** Keys that differ in one place only; their mirror images differ in the opposite one. */
const KINDS: Readonly<Record<string, (user: number) => string>> = {
  "urn:shop:N:europe-west1": (user) => `urn:shop:${user}:europe-west1`,
  "UUIDs of one machine": (user) => `${user.toString(16).padStart(8, "0")}-a24a-11ee-9c3e-0242ac120002`,
  "mail addresses": (user) => `user${user}@mail.example.com`,
  "a long path with the number in its middle": (user) => `${"a/".repeat(20)}${user}${"/b".repeat(20)}`,
};

/** The bytes of the largest epoch, and of all of them: counts of users, a thousand events an epoch. */
async function bytesOf(keyOf: (user: number) => string): Promise<{ largest: number; all: number }> {
  const store = new MemoryStore();
  const { checkpoint, counts, windows } = await own(store);
  let largest = 0, all = 0, user = 1;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (let i = 0; i < EVENTS; i++) {
      user = (user * 48_271) % 2_147_483_647;
      const key = keyOf(user % USERS);
      put(counts, key, epoch);
      put(windows, key, [epoch, i], Math.floor(epoch / 10) * 60_000);
    }
    const cut = checkpoint.cut({ offsets: { in: { 0: epoch + 1 } }, clocks: {}, counters: {} });
    const { bytes } = await commitCuts(store, [cut], checkpoint.options);
    largest = Math.max(largest, bytes);
    all += bytes;
  }
  return { largest, all };
}

describe("an epoch of keys that are alike", () => {
  for (const [kind, keyOf] of Object.entries(KINDS)) {
    it(`writes at most 1.5 times what one of their mirror images does: ${kind}`, async () => {
      const alike = await bytesOf(keyOf);
      const others = await bytesOf((user) => [...keyOf(user)].reverse().join(""));
      const random = await bytesOf((user) => `${Math.imul(user, 0x9e3779b1) >>> 0}`.padEnd(keyOf(user).length, "0"));
      for (const other of [others, random]) {
        for (const part of ["largest", "all"] as const) {
          assert(alike[part] <= 1.5 * other[part], `${part}: ${alike[part]} bytes beside ${other[part]} of other keys`);
        }
      }
    });
  }
});
