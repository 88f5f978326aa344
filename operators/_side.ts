/**
 * Side outputs: a stage sends values beside its results, and a stage below takes them.
 *
 * @module
 */
import { type Observable, Subject } from "rxjs";
import { bindWithin } from "./_chain.ts";
import type { AttachedSource } from "./_scope.ts";
import { Bottom, sideOf } from "./_source.ts";
import type { Stage } from "./_stage.ts";

/** A side output that was taken. */
export interface TakenSide {
  /** Whether a stage above has opened it. Known once everything above is bound. */
  readonly opened: boolean;
  /** Ends the stream of side values, because the input has ended. */
  end(): void;
  /** The subscription is over. */
  close(): void;
}

/**
 * Takes the values that the stage directly above sends to a side of that name, as a pipeline of its own: stages of the
 * main stream do not see it. An error of the routed stream fails the stage above, which was processing the record.
 */
export function takeSide<T>(
  stage: Stage,
  name: string,
  route: (values: Observable<T>) => Observable<unknown>,
): TakenSide {
  const { task, scope, label } = stage;
  const values = new Subject<T>();
  const source: AttachedSource = { label: `${name} records`, slots: [], derived: true };
  const rethrow = () => {
    if (task.failure !== undefined) throw task.failure.error;
  };
  const slot = {
    taken: false,
    push: (value: unknown): void => {
      values.next(value as T);
      rethrow();
    },
  };
  scope.sides.set(name, slot);
  const bottom = new Bottom(task, label, () => {});
  bindWithin(bottom.scope, () => route(sideOf(source, values, stage.parts.node)).subscribe(bottom));
  rethrow();
  return {
    get opened() {
      return slot.taken;
    },
    end() {
      source.ended = true;
      values.complete();
      rethrow();
    },
    close: () => bottom.unsubscribe(),
  };
}
