/**
 * The state store of a job, as `run()` opens it.
 *
 * @module
 */
import { KvStore, type Patience, type Store } from "../state/mod.ts";
import type { Settings } from "./options.ts";
import type { Troubles } from "./troubles.ts";

/** Opens the state store. A KV that the user opened is closed by the user. */
export async function openStore({ state, clock }: Settings, troubles: Troubles): Promise<Store> {
  const named = typeof state === "string" || state instanceof URL;
  const store = await KvStore.open(named ? String(state) : state, clock);
  store.waits = (error) => troubles.tell("store", error);
  if (!named) store.close = () => store.letGo();
  return store;
}

/** How long to wait for the store. Its troubles are reported once. */
export function patienceOf({ clock, giveUpAfter }: Settings, troubles: Troubles, signal: AbortSignal): Patience {
  return { clock, patience: giveUpAfter, trouble: (error) => troubles.tell("store", error), signal };
}
