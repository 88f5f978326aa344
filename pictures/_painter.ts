/**
 * Paints a picture that changes often: not more than once in some time, and always the newest state. Only one paint is
 * under way at any time, so a slow screen costs no memory.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Display } from "./_notebook.ts";
import type { Screen } from "./_screens.ts";

/** Paints one picture on one screen. */
export class Painter {
  #cancel: (() => void) | undefined;
  #painting: Promise<void> | undefined;
  #changed = false;
  #over = false;
  #last: Promise<void> | undefined;

  /**
   * @param draw the picture as it is now
   * @param interval the least time between two paints, in milliseconds
   */
  constructor(
    readonly screen: Screen,
    readonly draw: () => Display,
    readonly interval: number,
    readonly clock: Pick<Clock, "after">,
  ) {}

  /** Paints now. To be called once, at the beginning. */
  async begin(): Promise<void> {
    await this.#paint(false);
  }

  /** The picture has changed. It is painted soon. */
  changed(): void {
    this.#changed = true;
    if (this.#over || this.#cancel !== undefined || this.#painting !== undefined) return;
    this.#cancel = this.clock.after(this.interval, () => {
      this.#cancel = undefined;
      void this.#paint(false).catch(() => {
        // The screen is gone, so nobody can see that it is not painted.
        this.#over = true;
      });
    });
  }

  /** Paints for the last time. */
  end(): Promise<void> {
    return this.#last ??= this.#end();
  }

  async #end(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#cancel?.();
    await this.#painting?.catch(() => {});
    await this.#paint(true);
  }

  async #paint(last: boolean): Promise<void> {
    this.#changed = false;
    this.#painting = Promise.resolve(this.screen.paint(this.draw(), last));
    try {
      await this.#painting;
    } finally {
      this.#painting = undefined;
    }
    if (this.#changed) this.changed();
  }
}
