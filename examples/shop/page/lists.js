/** The two lists that the job makes. */
import { Art } from "./art/art.js";
import { Plus } from "./card.js";
import { useKeptFocus, useMoves } from "./motion.js";
import { html } from "./preact.js";
import { Pulse } from "./pulse.js";
import { why } from "./words.js";

/** How many products trend. */
const TRENDING = 5;

/** What is recommended to the shopper, and why. */
export function ForYou({ list, productOf, times, look, add, who }) {
  const moves = useMoves(list.map(({ product }) => product.id).join());
  useKeptFocus(moves);
  return html`
    <section class="for-you" aria-labelledby="for-you-name">
      <h2 id="for-you-name">${who === undefined ? "For you" : `For ${who}`}</h2>
      <${Pulse} times=${times} />
      ${list.length > 0 && html`
        <ol class="picks" ref=${moves}>
          ${list.map(({ product, because }) =>
            html`
              <li class="pick" key=${product.id} data-id=${product.id}>
                <button type="button" class="face" onClick=${(event) => look(product.id, event)}>
                  <${Art} id=${product.id} category=${product.category} />
                  <span class="name">${product.name}</span>
                  <span class="because">${why(because, productOf)}</span>
                </button>
                <button
                  type="button"
                  class="plus"
                  aria-label=${`Add ${product.name} to the basket`}
                  onClick=${(event) => add(product.id, event)}
                >
                  <${Plus} />
                </button>
              </li>
            `
          )}
        </ol>
      `}
    </section>
  `;
}

/** What many look at, in the category that is chosen. */
export function Trending({ list, category, look }) {
  const shown = list.slice(0, TRENDING);
  const moves = useMoves(shown.map(({ product }) => product.id).join());
  useKeptFocus(moves);
  return html`
    <section class="trending" aria-labelledby="trending-name">
      <h2 id="trending-name">Trending ${category && html`<small>${category}</small>`}</h2>
      ${shown.length === 0 ? html`<p class="empty">The shop has just opened. Come back in a minute.</p>` : html`
        <ol class="ranks" ref=${moves}>
          ${shown.map(({ product }) =>
            html`
              <li class="rank" key=${product.id} data-id=${product.id}>
                <button type="button" class="face" onClick=${(event) => look(product.id, event)}>
                  <${Art} id=${product.id} category=${product.category} />
                  <span class="name">${product.name}</span>
                </button>
              </li>
            `
          )}
        </ol>
      `}
    </section>
  `;
}
