/** The basket, in a drawer. */
import { Art } from "./art/art.js";
import { useKeptFocus } from "./motion.js";
import { html, useEffect, useRef, useState } from "./preact.js";
import { price, things } from "./words.js";

/** The drawer. `lines` has `{ product, pieces }`; `act` sends a click. */
export function Basket({ open, close, lines, act }) {
  const [thanks, setThanks] = useState(0);
  const dialog = useRef(null);
  const list = useRef(null);
  const closer = useRef(null);
  useKeptFocus(list);
  useEffect(() => {
    if (open && !dialog.current.open) dialog.current.showModal();
    if (!open && dialog.current.open) dialog.current.close();
  }, [open]);
  // With the last line its buttons are gone.
  useEffect(() => {
    if (open && lines.length === 0) closer.current.focus();
  }, [lines.length === 0]);
  const total = lines.reduce((sum, { product, pieces }) => sum + product.cents * pieces, 0);
  const remove = (id, event) => void act("remove_from_cart", [id], event);
  const buy = (event) => {
    setThanks(lines.reduce((sum, { pieces }) => sum + pieces, 0));
    void act("purchase", lines.map(({ product }) => product.id), event);
  };
  const closed = () => {
    setThanks(0);
    close();
  };
  // A click beside the drawer is a click on the dialog's backdrop, which is the dialog itself.
  const beside = (event) => event.target === dialog.current && close();
  return html`
    <dialog class="drawer" ref=${dialog} aria-labelledby="basket-name" onClose=${closed} onClick=${beside}>
      <div class="drawer-inside">
        <header>
          <h2 id="basket-name">Basket</h2>
          <button type="button" class="quiet-button" ref=${closer} onClick=${close}>Close</button>
        </header>
        ${thanks > 0 && lines.length === 0
          ? html`
            <p class="thanks">
              <b>Thank you.</b> ${things(thanks)} would now be on the way to you. The list has already taken note.
            </p>
          `
          : lines.length === 0
          ? html`<p class="empty">Nothing in it yet.</p>`
          : html`
            <ul class="lines" ref=${list}>
              ${lines.map((line) => html`<${Line} key=${line.product.id} ...${line} remove=${remove} />`)}
            </ul>
            <p class="total"><span>Total</span> <b>${price(total)}</b></p>
            <button type="button" class="primary wide" onClick=${buy}>Buy</button>
          `}
      </div>
    </dialog>
  `;
}

function Line({ product, pieces, remove }) {
  return html`
    <li class="line" data-id=${product.id}>
      <${Art} id=${product.id} category=${product.category} />
      <span class="name">${product.name}</span>
      <span class="pieces">${pieces} × ${price(product.cents)}</span>
      <button
        type="button"
        class="quiet-button"
        aria-label=${`Remove ${product.name}`}
        onClick=${(event) => remove(product.id, event)}
      >
        Remove
      </button>
    </li>
  `;
}
