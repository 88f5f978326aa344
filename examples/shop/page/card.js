/** The catalogue: cards that open where they are. */
import { Art } from "./art/art.js";
import { useMoves } from "./motion.js";
import { html } from "./preact.js";
import { price } from "./words.js";

/** All products of a category, or of the whole shop. */
export function Catalogue({ products, categories, category, choose, opened, look, add, lines }) {
  const shown = products.filter((product) => category === "all" || product.category === category);
  const pieces = new Map(lines.map((line) => [line.product.id, line.pieces]));
  const list = useMoves(`${category} ${opened}`);
  const names = new Map(categories.map(({ id, name }) => [id, name]));
  return html`
    <section class="catalogue" aria-labelledby="catalogue-name">
      <h2 id="catalogue-name" class="sr-only">Catalogue</h2>
      <div class="chips" role="group" aria-label="Categories">
        ${[{ id: "all", name: "Everything" }, ...categories].map(({ id, name }) =>
          html`
            <button type="button" class="chip" key=${id} aria-pressed=${String(id === category)} onClick=${() =>
              choose(id)}>
              ${name}
            </button>
          `
        )}
      </div>
      <ul class="cards" ref=${list}>
        ${shown.map((product) =>
          html`
            <${Card}
              key=${product.id}
              product=${product}
              category=${names.get(product.category)}
              opened=${product.id === opened}
              look=${look}
              add=${add}
              pieces=${pieces.get(product.id) ?? 0}
            />
          `
        )}
      </ul>
    </section>
  `;
}

function Card({ product, category, opened, look, add, pieces }) {
  const { id, name, cents, about } = product;
  const more = `about-${id}`;
  return html`
    <li class=${opened ? "card opened" : "card"} data-id=${id}>
      <button
        type="button"
        class="face"
        id=${`card-${id}`}
        aria-expanded=${String(opened)}
        aria-controls=${opened ? more : undefined}
        onClick=${(event) => look(id, event)}
      >
        <${Art} id=${id} category=${product.category} />
        <span class="name">${name}</span>
      </button>
      ${opened &&
        html`
          <div class="more" id=${more}>
            <p class="kicker">${category}</p>
            <p class="about">${about}</p>
            <button type="button" class="primary" onClick=${(event) => add(id, event)}>
              Add to basket
            </button>
            ${pieces > 0 && html`<p class="have">${pieces} in your basket</p>`}
          </div>
        `}
      <p class="price">${price(cents)}</p>
      ${!opened &&
        html`
          <button
            type="button"
            class="plus"
            aria-label=${`Add ${name} to the basket`}
            onClick=${(event) => add(id, event)}
          >
            <${Plus} />
          </button>
        `}
    </li>
  `;
}

/** The sign on a button that adds. */
export function Plus() {
  return html`
    <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d="M10 4v12M4 10h12" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </svg>
  `;
}
