/** A hand-made job on durable states, which commits its epochs to a store and says how many bytes they have. */
import type { Observable } from "rxjs";
import type { KeyedState, KeyedStateSpec } from "../../operators/keyed_state.ts";
import { MemoryStore } from "../../state/memory_store.ts";
import { commitDelta, own, type Owner } from "./state.ts";
import { HandMadeTask } from "./task_host.ts";

export class CommittingTask extends HandMadeTask {
  private constructor(readonly owner: Owner, readonly store: MemoryStore) {
    super();
  }

  static async run(pipeline: Observable<unknown>, store: MemoryStore = new MemoryStore()): Promise<CommittingTask> {
    const task = new CommittingTask(await own(store), store);
    return task.run(pipeline);
  }

  override openState(spec: KeyedStateSpec): KeyedState {
    return this.owner.states.open(spec) as KeyedState;
  }

  /** Commits an epoch; returns how many bytes its delta has. */
  commit(): Promise<number> {
    this.cut();
    return commitDelta(this.owner);
  }

  /** How many bytes the store holds for the job. */
  async storedBytes(): Promise<number> {
    let bytes = 0;
    for await (const { value } of this.store.list<unknown>(["job"])) {
      if (value instanceof Uint8Array) bytes += value.length;
    }
    return bytes;
  }
}
