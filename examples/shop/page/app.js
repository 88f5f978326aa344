/** The page: its parts, and what a click does. */
import { Basket } from "./basket.js";
import { Catalogue } from "./card.js";
import { ForYou, Trending } from "./lists.js";
import { catalogue } from "./live.js";
import { still } from "./motion.js";
import { html, render, useEffect, useMemo, useRef, useState } from "./preact.js";
import { inBasket, sold, useClicks, useRows, useShopper } from "./state.js";
import { why } from "./words.js";

/** How many recommendations are shown. */
const PICKS = 6;

function Shop({ products, categories, regulars, jobPage }) {
  const productOf = useCatalogue(products);
  const { you, shopper, become } = useShopper(regulars);
  const rows = useRows(shopper);
  const picks = sold(rows.forYou?.recommendations, productOf).slice(0, PICKS);
  const { click, times, fresh } = useClicks(shopper, rows, picks);
  const [notice, setNotice] = useState("");
  const act = async (type, ids, event) => {
    setNotice(await click(type, ids, event) ? "" : "The shop did not hear that. Try again in a moment.");
  };
  const add = (id, event) => void act("add_to_cart", [id], event);
  const [category, choose] = useState("all");
  const { opened, setOpened, goTo } = useOpened();
  const look = (id, event) => {
    setOpened(id);
    void act("view", [id], event);
  };
  const lookFromList = (id, event) => {
    if (category !== "all" && productOf(id).category !== category) choose("all");
    goTo(id);
    look(id, event);
  };
  const lines = inBasket(rows.visit, productOf);
  const [drawer, setDrawer] = useState(false);
  return html`
    <a class="skip" href="#lists">Skip to your list</a>
    <${Header} ...${{ shopper, you, regulars, become, lines }} show=${() => setDrawer(true)} />
    <main>
      <${Catalogue}
        ...${{ products, categories, category, choose, opened, add, lines }}
        look=${(id, event) => id === opened ? setOpened(undefined) : look(id, event)}
      />
      <aside id="lists" tabindex="-1" aria-label="Lists that follow your clicks">
        <${ForYou}
          ...${{ productOf, times, add, list: picks, look: lookFromList }}
          who=${regulars.find(({ id }) => id === shopper)?.name}
        />
        <${Trending}
          list=${sold(rows.trending[category]?.products, productOf)}
          category=${categories.find(({ id }) => id === category)?.name}
          look=${lookFromList}
        />
      </aside>
    </main>
    <${Footer} jobPage=${jobPage} />
    <${Spoken} ...${{ fresh, productOf, notice }} away=${rows.connected === false} />
    <${Basket} ...${{ lines, act }} open=${drawer} close=${() => setDrawer(false)} key=${shopper} />
  `;
}

/** The function that gives a product by its id. */
function useCatalogue(products) {
  const byId = useMemo(() => new Map(products.map((product) => [product.id, product])), [products]);
  return (id) => byId.get(id);
}

/**
 * The card that is open. `goTo` brings the visitor to a card with the next render: what they clicked in a list may be
 * gone from there a moment later.
 */
function useOpened() {
  const [opened, setOpened] = useState(undefined);
  const going = useRef(undefined);
  useEffect(() => {
    const face = going.current && document.getElementById(`card-${going.current}`);
    going.current = undefined;
    face?.focus({ preventScroll: true });
    face?.closest(".card").scrollIntoView({ block: "center", behavior: still() ? "auto" : "smooth" });
  });
  return { opened, setOpened, goTo: (id) => going.current = id };
}

function Header({ shopper, you, regulars, become, lines, show }) {
  const pieces = lines.reduce((sum, line) => sum + line.pieces, 0);
  return html`
    <header class="top">
      <h1><img src="/icon.svg" alt="" width="36" height="36" />Moss & Comet</h1>
      <p class="motto">A small shop of quiet things</p>
      <label class="who">
        <span>Shopping as</span>
        <select value=${shopper} onChange=${({ target }) => become(target.value)}>
          <option value=${you}>yourself</option>
          ${regulars.map(({ id, name, mood }) => html`<option value=${id}>${name}, who ${mood}</option>`)}
        </select>
      </label>
      <button type="button" class="basket-button" aria-haspopup="dialog" onClick=${show}>
        Basket <b class="count">${pieces}</b>
      </button>
    </header>
  `;
}

/** What is told to those who do not see it, and what goes wrong to everybody. */
function Spoken({ fresh, productOf, notice, away }) {
  return html`
    <p class="sr-only" role="status">
      ${fresh && `New in your list: ${fresh.product.name}, ${why(fresh.because, productOf)}.`}
    </p>
    <p class=${away || notice !== "" ? "notice" : "sr-only"} role="status">
      ${away ? "The shop is closed just now. This page comes back by itself." : notice}
    </p>
  `;
}

function Footer({ jobPage }) {
  return html`
    <footer>
      <h2>What happens when you click</h2>
      <ol class="steps">
        <li><b>Click</b> The page sends it.</li>
        <li><b>Log</b> It is appended to a topic.</li>
        <li><b>Job</b> It meets what others looked at.</li>
        <li><b>Table</b> Your list is written, exactly once.</li>
        <li><b>Page</b> The stream brings it here.</li>
      </ol>
      <p>All of it runs in one Deno process. Stop it, start it, kill it: the lists go on where they were.</p>
      ${jobPage && html`
        <p>
          The job has <a href=${jobPage}>a page of its own</a>: its pipeline with rates, event time against the clock, and what
          waits.
        </p>
      `}
    </footer>
  `;
}

render(html`<${Shop} ...${await catalogue()} />`, document.getElementById("shop"));
