/**
 * @module
 */
import { from, type ObservableInput, Subject, takeUntil } from "rxjs";
import { systemClock } from "../base/clock.ts";
import { MOST_KEPT, PAINT_INTERVAL } from "./_limits.ts";
import { type Display, type Notebook, notebookHere } from "./_notebook.ts";
import { Painter } from "./_painter.ts";
import { NotebookPlace, standardOutput, type Terminal, TerminalLines } from "./_screens.ts";
import { counted, short } from "./_words.ts";

/** Options that tables and charts have in common. */
export interface ViewOptions {
  /** The title. @default none */
  readonly title?: string;
  /** The least time between two paints, in milliseconds. @default 250 */
  readonly interval?: number;
}

/** What a view shows. */
export interface ViewContent<T> {
  /** Takes a value. What it throws ends the view. */
  take(value: T): void;
  /** Draws what is there. `status` is a line about the stream. */
  draw(status: string): Display;
}

/** Where a view is shown. Tests have others. */
export interface ViewPlaces {
  /** The notebook, if the program runs in one. */
  readonly notebook: Notebook | undefined;
  /** Used where there is no notebook. */
  readonly terminal: Terminal;
}

/**
 * What an Observable emits, as a picture that changes. Made by `table()` and `chart()`. As the last value of a notebook's
 * cell it displays itself, and goes on to change after the cell has ended. `console.log()` prints it as it is now.
 *
 * It has subscribed to the Observable, and keeps no more values than it shows. It is over when the Observable has ended or
 * failed, or when it is stopped.
 */
export class View<T = unknown> implements Disposable {
  /** Resolves when the view is over and painted for the last time. Rejects with the error of the Observable. */
  readonly finished: Promise<void>;
  readonly #content: ViewContent<T>;
  readonly #interval: number;
  readonly #places: () => ViewPlaces;
  readonly #stop = new Subject<void>();
  readonly #over = Promise.withResolvers<void>();
  readonly #painters: Painter[] = [];
  #place: NotebookPlace | undefined;
  #status: "live" | "ended" | "stopped" | "failed" = "live";
  #error: unknown;
  #count = 0;

  /** Use `table()` or `chart()`. */
  constructor(
    source: ObservableInput<T>,
    content: ViewContent<T>,
    { interval = PAINT_INTERVAL }: ViewOptions,
    places: () => ViewPlaces = () => ({ notebook: notebookHere(), terminal: standardOutput }),
  ) {
    this.#content = content;
    this.#interval = interval;
    this.#places = places;
    this.finished = this.#over.promise;
    // The picture tells the error, so a program need not wait for it.
    this.finished.catch(() => {});
    from(source).pipe(takeUntil(this.#stop)).subscribe({
      next: (value) => this.#take(value),
      error: (error) => this.#end("failed", error),
      complete: () => this.#end("ended"),
    });
  }

  /** How many values have come. */
  get count(): number {
    return this.#count;
  }

  /** Unsubscribes from the Observable. What is shown stays. */
  stop(): void {
    this.#end("stopped");
    this.#stop.next();
  }

  /** The same as `stop()`. */
  [Symbol.dispose](): void {
    this.stop();
  }

  /**
   * Shows the view until it is over: in a notebook where the cell's results are, in a terminal as lines that are written
   * over. Where the output is no terminal it is printed once, in the end.
   *
   * @returns when the view is over and has been painted for the last time
   * @throws {Error} the error of the Observable
   */
  async show(): Promise<void> {
    const { notebook, terminal } = this.#places();
    if (notebook !== undefined) await this.#display(notebook);
    else await this.#paintOn(new Painter(new TerminalLines(terminal), () => this.#draw(), this.#interval, systemClock));
    await this.finished;
  }

  /** The view as text, as it is now. */
  toString(): string {
    return this.#draw()["text/plain"];
  }

  /** The view as text, for `console.log`. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** Shows the view in a Jupyter notebook. The cell does not wait for it. */
  async [Symbol.for("Jupyter.display")](): Promise<Display | Record<string, never>> {
    const { notebook } = this.#places();
    if (notebook === undefined) return this.#draw();
    await this.#display(notebook);
    // All of it is in a place that can be updated, which a cell's result cannot.
    return {};
  }

  async #display(notebook: Notebook): Promise<void> {
    if (this.#place !== undefined) return await this.#place.again(this.#draw());
    this.#place = new NotebookPlace(notebook, `tidemark-${systemClock.id()}`);
    await this.#paintOn(new Painter(this.#place, () => this.#draw(), this.#interval, systemClock));
  }

  async #paintOn(painter: Painter): Promise<void> {
    if (this.#status !== "live") return await painter.end();
    this.#painters.push(painter);
    await painter.begin();
  }

  #draw(): Display {
    const values = counted(this.#count, "value");
    const error = this.#status === "failed" ? `: ${short(String(this.#error), 200)}` : "";
    return this.#content.draw(`${values}, ${this.#status}${error}`);
  }

  #take(value: T): void {
    this.#count++;
    try {
      this.#content.take(value);
    } catch (error) {
      this.#end("failed", error);
      this.#stop.next();
      return;
    }
    for (const painter of this.#painters) painter.changed();
  }

  #end(status: "ended" | "stopped" | "failed", error?: unknown): void {
    if (this.#status !== "live") return;
    this.#status = status;
    this.#error = error;
    // A screen that is gone by now has nothing to show.
    void Promise.allSettled(this.#painters.map((painter) => painter.end())).then(() =>
      status === "failed" ? this.#over.reject(error) : this.#over.resolve()
    );
  }
}

/** Refuses options that no view can have. */
export function checkView({ title, interval }: ViewOptions, limit: number, cannot: string): void {
  if (title !== undefined && typeof title !== "string") throw new TypeError(`${cannot}: title must be a string`);
  if (interval !== undefined && !(interval >= 0 && interval < Infinity)) {
    throw new RangeError(`${cannot}: interval must be milliseconds of at least 0, current value is ${interval}`);
  }
  if (!(Number.isSafeInteger(limit) && limit > 0 && limit <= MOST_KEPT)) {
    throw new RangeError(`${cannot}: limit must be an integer from 1 to ${MOST_KEPT}, current value is ${limit}`);
  }
}
