/** A hand-made job whose states pass through the checkpoint codec at each restart. It has no store and no runtime. */
import type { Observable } from "rxjs";
import { MemoryKeyedState, memoryState } from "../../operators/_memory_state.ts";
import type { Cell, Key, KeyedList, KeyedState } from "../../operators/keyed_state.ts";
import { ValueReader } from "../../state/value_reader.ts";
import { ValueWriter } from "../../state/value_writer.ts";
import { HandMadeTask } from "./task_host.ts";

/** One task and its restarts. */
export class DurableTask {
  readonly results: unknown[] = [];
  #job: HandMadeTask;

  /** @param pipeline creates the pipeline, for each restart again */
  constructor(readonly pipeline: () => Observable<unknown>) {
    this.#job = new HandMadeTask().run(pipeline());
  }

  /** Why the task cannot go on. */
  get failure(): Error | undefined {
    return this.#job.task.failure?.error;
  }

  /** How many records were late since the last restart. */
  get late(): number {
    return this.#job.task.late;
  }

  /** The state of that name. */
  state(name: string): KeyedState {
    return this.#job.checkpoint.states.get(name)!;
  }

  push(...args: Parameters<HandMadeTask["push"]>): this {
    this.#job.push(...args);
    return this.#take();
  }

  cut(): this {
    this.#job.cut();
    return this.#take();
  }

  end(): this {
    this.#job.end();
    return this.#take();
  }

  /** Cuts, and restarts with what a checkpoint returns. */
  restart(): this {
    const { states, clocks } = this.#job.cut();
    this.#take();
    const restored = new Map([...states].map(([name, state]) => [name, roundTrip(state)]));
    this.#job = new HandMadeTask({ states: restored, clocks }).run(this.pipeline());
    return this;
  }

  #take(): this {
    this.results.push(...this.#job.written.splice(0).map(([, value]) => value));
    return this;
  }
}

/** Each value as a checkpoint returns it, in order. */
function roundTrip(state: KeyedState): KeyedState {
  if (state instanceof MemoryKeyedState) return valuesOf(state);
  return state.size === 0 ? state : listsOf(state as unknown as KeyedList);
}

function valuesOf(state: KeyedState): KeyedState {
  const copy = new MemoryKeyedState({ name: state.name, operator: "", namespaced: true });
  for (const namespace of [...state.namespaces()]) {
    for (const { key, value } of state.cells(namespace) as Iterable<Cell<Key>>) {
      copy.write(copy.cell(key, namespace), restored(value));
    }
  }
  return copy;
}

function listsOf(state: KeyedList): KeyedState {
  const copy = memoryState({ name: state.name, operator: "", namespaced: true, kind: "list" });
  for (const namespace of [...state.namespaces()]) {
    for (const list of state.cells(namespace)) {
      for (const value of list.elements()) copy.cell(list.key, namespace).append(restored(value));
    }
  }
  return copy as unknown as KeyedState;
}

function restored(value: unknown): unknown {
  const writer = new ValueWriter();
  writer.value(value);
  return new ValueReader(writer.take()).value();
}
