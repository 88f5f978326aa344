/**
 * The view of a keyed state over the tasks of a worker.
 *
 * @module
 */
import type { Cell, Key } from "../operators/keyed_state.ts";
import type { StateView } from "./job.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Plan } from "./plan.ts";

/** The view of the state of that name. Throws a `RangeError` when no stage has this name. */
export function stateView(
  job: string,
  { states: specs }: Plan,
  name: string,
  tasks: () => Iterable<OwnedTask>,
): StateView {
  if (!specs.some((spec) => spec.name === name)) {
    const names = specs.map((spec) => JSON.stringify(spec.name)).join(", ");
    throw new RangeError(`Job ${job} has no state "${name}"; it has ${names || "none"}`);
  }
  const states = () => [...tasks()].map(({ runner }) => runner.state(name)!).filter((state) => state !== undefined);
  return {
    get size() {
      return states().reduce((sum, state) => sum + state.size, 0);
    },
    get(key: Key, namespace = 0) {
      for (const state of states()) {
        const cell = state.find(key, namespace);
        if (cell !== undefined) return cell.value;
      }
      return undefined;
    },
    *cells(namespace = 0): Iterable<Cell> {
      for (const state of states()) yield* state.cells(namespace);
    },
  };
}
