/**
 * The time from a click to the list that answers it.
 *
 * It begins with the browser's time stamp of the click, and ends with the frame that shows the list. Between them are
 * the request, the log, the job with all of its stages, the table, the stream, and the page's own work. A list answers
 * a click when it counts all events up to it.
 */
import { html } from "./preact.js";
import { median, milliseconds } from "./words.js";

/** How many clicks are shown. */
const SHOWN = 24;
/** After this time a click counts as lost, in milliseconds. */
const LOST = 30_000;

/** Clicks that wait for their lists. */
export class Stopwatch {
  /** By the click's name, when it was and which products were in the list. */
  #waiting = new Map();

  /** A click at a time of the page's clock, with the list as it is. */
  begin(click, { at, list }) {
    for (const [name, one] of this.#waiting) if (at - one.at > LOST) this.#waiting.delete(name);
    this.#waiting.set(click, { at, list });
  }

  /** The clicks that a list answers. They wait no longer. */
  answered(visit, forYou) {
    const answered = [];
    for (const [click, events] of visit?.clicks ?? []) {
      const waiting = this.#waiting.get(click);
      if (waiting === undefined || !(forYou?.event_count >= events)) continue;
      this.#waiting.delete(click);
      answered.push(waiting);
    }
    return answered;
  }
}

/** The last time, and those before it. `times` has `{ ms, changed }` for each click, the newest last. */
export function Pulse({ times }) {
  if (times.length === 0) {
    return html`<p class="pulse quiet">Click on something. This list is made anew while you look.</p>`;
  }
  const { ms, changed } = times.at(-1);
  const shown = times.slice(-SHOWN);
  const most = Math.max(...shown.map((one) => one.ms));
  return html`
    <div class="pulse">
      <p>
        <b class="pulse-time">${milliseconds(ms)}</b>
        <span class="pulse-words"
        >${changed ? "from your click to this list" : "from your click to this list, which stays"}</span>
      </p>
      <p class="pulse-past">
        <svg
          class="bars"
          viewBox=${`0 0 ${shown.length * 4} 20`}
          width=${shown.length * 4}
          height="20"
          aria-hidden="true"
          focusable="false"
        >
          ${shown.map((one, index) => {
            const height = Math.max(1.5, one.ms / most * 20);
            return html`<rect x=${index * 4} y=${20 - height} width="2.6" height=${height} rx="1" />`;
          })}
        </svg>
        <span>${times.length === 1
          ? "one click"
          : `${times.length} clicks, median ${milliseconds(median(times.map((one) => one.ms)))}`}</span>
      </p>
    </div>
  `;
}
