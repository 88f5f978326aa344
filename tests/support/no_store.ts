/** A store that nobody asks. */
import type { Store } from "../../state/store.ts";

/** For connectors that keep nothing in the job's store. */
export const NO_STORE: Store = {
  name: "none",
  get: () => Promise.reject(new Error("nothing is read")),
  // deno-lint-ignore require-yield
  list: async function* () {
    await Promise.reject(new Error("nothing is read"));
  },
  atomic: () => Promise.reject(new Error("nothing is written")),
  close: () => {},
};
