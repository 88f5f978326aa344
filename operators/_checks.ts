/**
 * The checks of a stage once everything above it is bound.
 *
 * @module
 */
import * as misuse from "./_misuse.ts";
import type { AttachedSource, Scope } from "./_scope.ts";
import type { Stage, StageOptions } from "./_stage.ts";

/** A stage whose second input may stand apart. */
export interface ApartOptions extends StageOptions {
  /**
   * Whether the right input stands apart, as a table does: neither its watermarks nor its sources count for the stage and
   * for those below. Without a job it is subscribed first. `whole`: and each task of a job must read all of it.
   */
  readonly apart?: boolean | "whole";
  /** Whether a task that is new reads the right input, which stands apart, to its end before it reads the left one. */
  readonly bootstrap?: boolean;
}

/** Checks a stage after everything above it is bound. */
export function verify(options: StageOptions, scope: Scope, label: string): void {
  if (options.keeps && scope.task.host !== undefined) {
    if (!scope.sourced) throw misuse.noSource(label);
    const shared = scope.sources.find(({ broadcast }) => broadcast);
    if (shared !== undefined) throw misuse.countedByEachTask(label, shared.label);
  }
  if (options.needsWatermark === true) requireWatermark(scope, label);
}

/** Checks the input that stands apart, and tells the job of it. */
export function standApart(
  { name, apart, bootstrap = false }: ApartOptions,
  stage: Stage,
  tables: readonly AttachedSource[],
): void {
  const { scope: { sources: values }, label, task: { host } } = stage;
  const partial = tables.find(({ broadcast }) => broadcast !== true);
  const whole = stage.anyKey = tables.length > 0 && partial === undefined;
  host?.joins?.({ name, label, tables, values, bootstrap, whole, partial: apart === "whole" ? partial : undefined });
}

/** Throws where a stage would never fire, or only by the clock of some branches. */
export function requireWatermark(scope: Scope, label: string): void {
  if (scope.providers.length === 0) throw misuse.noWatermark(label);
  if (scope.bare.length > 0) throw misuse.unwatermarkedBranch(label, scope.bare.map((source) => source.label));
}
