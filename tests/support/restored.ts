/** The states of a task, as its next owner restores them. */
import { seeded } from "../../base/random.ts";
import { DurableStates, type Store, TaskCheckpoint } from "../../state/mod.ts";

/**
 * Claims a task and restores its states.
 *
 * @throws {CorruptError} when what is stored cannot be read
 * @throws {Error} when the head of the task is full of publishers
 */
export async function restoredStates(
  store: Store,
  at: { readonly job: string; readonly task: number },
): Promise<DurableStates> {
  const states = new DurableStates();
  const clock = { now: () => 0, sleep: () => Promise.resolve(), random: seeded(1) };
  const claim = await TaskCheckpoint.claim(store, { ...at, states, clock });
  if (claim.full) throw new Error(`the head of task ${at.task} is full of publishers`);
  await claim.checkpoint.restore();
  return states;
}

/** The rows of a state of a task, by key. */
export function rowsOf(
  states: DurableStates,
  state: { readonly name: string; readonly operator: string },
): Map<string, unknown> {
  const cells = states.open({ ...state, namespaced: false }).cells(0);
  return new Map([...cells].map(({ key, value }) => [String(key), value]));
}
