/**
 * Rows that a snapshot has no room for: they are asked for page by page, and the address names the page.
 *
 * @module
 */
import { ask } from "./live.js";
import { html, useEffect, useRef, useState } from "./preact.js";

/**
 * The rows from one on, anew with each snapshot; `undefined` while there are none. The page that was shown stays until the
 * next one is there.
 */
export function useRows({ details, history, from, needed }) {
  const [rows, setRows] = useState(undefined);
  const wanted = useRef(from);
  wanted.current = from;
  useEffect(() => {
    if (!needed) return;
    ask(`/api/rows?from=${from}`).then((rows) => {
      history.counted(rows);
      if (rows.from === wanted.current) setRows(rows);
    }, () => {});
  }, [details.at, from, needed]);
  return rows;
}

/** So many rows a page has. */
const STEP = 32;

/** Where the page begins that the address names: at a whole one, and not behind the last; `undefined` for none. */
export function startOf(page, total) {
  return page === undefined || total <= STEP ? undefined : Math.floor(Math.min(page, total - 1) / STEP) * STEP;
}

/** What stands there until the first page is. */
export const ASKED = "Asking for them.";

/** So many pages on either side have a link, besides the first and the last one. */
const NEAR = 3;

/** The pages of a table: the rows with the most lag, then all of them in their order. */
export function Pages({ of, view, from, total }) {
  if (total <= STEP) return null;
  const starts = Array.from({ length: Math.ceil(total / STEP) }, (_none, nth) => nth * STEP)
    .filter((start) => Math.abs(start - (from ?? 0)) <= NEAR * STEP || start === 0 || start + STEP >= total);
  return html`
    <p class="note">The first page has those with the most lag, the others have all of them in their order.</p>
    <nav class="pages" aria-label=${`Pages of ${of}`}>
      <ul>
        ${[undefined, ...starts].map((start, nth) =>
          html`
            <li key=${`${start}`} class=${start - starts[nth - 2] > STEP ? "gap" : ""}>
              <a
                href=${`#/${view}${start === undefined ? "" : `/${start}`}`}
                aria-current=${start === from ? "page" : undefined}
              >${start === undefined ? "most lag" : `${start}–${Math.min(start + STEP, total) - 1}`}</a>
            </li>
          `
        )}
      </ul>
    </nav>
  `;
}
