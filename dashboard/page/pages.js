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

/** Where the page begins that the address names: at a whole one, and not behind the last; `undefined` for none. */
export function startOf(page, total, step) {
  return page === undefined || total <= step ? undefined : Math.floor(Math.min(page, total - 1) / step) * step;
}

/** What stands there until the first page is. */
export const ASKED = "Asking for them.";

/** So many pages on either side have a link, besides the first and the last one. */
const NEAR = 3;

/** The pages of a table: the rows with the most lag, then all of them in their order. */
export function Pages({ of, view, from, total, step }) {
  if (total <= step) return null;
  const starts = Array.from({ length: Math.ceil(total / step) }, (_none, nth) => nth * step)
    .filter((start) => Math.abs(start - (from ?? 0)) <= NEAR * step || start === 0 || start + step >= total);
  return html`
    <p class="note">The first page has the ${step} with the most lag, the others have all of them in their order.</p>
    <nav class="pages" aria-label=${`Pages of ${of}`}>
      <ul>
        ${[undefined, ...starts].map((start, nth) =>
          html`
            <li key=${`${start}`} class=${start - starts[nth - 2] > step ? "gap" : ""}>
              <a
                href=${`#/${view}${start === undefined ? "" : `/${start}`}`}
                aria-current=${start === from ? "page" : undefined}
              >${start === undefined ? "most lag" : `${start}–${Math.min(start + step, total) - 1}`}</a>
            </li>
          `
        )}
      </ul>
    </nav>
  `;
}
