/**
 * Background actions: what is begun without waiting for it. Each has an owner, which ends it and waits for it before it
 * ends itself, so that nothing outlives its owner.
 *
 * @module
 */

/** The background actions of one owner. */
export class Background {
  readonly #actions = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();

  /** Aborted when the owner ends. An action then ends as soon as it can. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Begins an action. Its errors are ignored, so it handles those that matter. */
  run(act: (signal: AbortSignal) => Promise<unknown>): void {
    const action = act(this.signal).catch(() => {}).finally(() => this.#actions.delete(action));
    this.#actions.add(action);
  }

  /** Tells all actions to end. */
  abort(): void {
    this.#ending.abort();
  }

  /** Resolves when no action is under way. */
  async ended(): Promise<void> {
    while (this.#actions.size > 0) await Promise.all(this.#actions);
  }
}
