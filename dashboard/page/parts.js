/**
 * Parts that views share: figures with their tables, tables, questions, and things to copy.
 *
 * @module
 */
import { size, time } from "./format.js";
import { ask } from "./live.js";
import { h, html, useEffect, useLayoutEffect, useRef, useState } from "./preact.js";

/** The width of an element, as it is now. @returns {[any, number]} */
export function useWidth() {
  const element = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setWidth(Math.floor(contentRect.width)));
    observer.observe(element.current);
    setWidth(Math.floor(element.current.clientWidth));
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

/** A drawing as wide as there is room. `draw` is given `h` and the width. */
export function Drawing({ draw, height }) {
  const [element, width] = useWidth();
  return html`<div class="drawing" ref=${element} style=${{ minHeight: `${height}px` }}>${
    width > 40 && draw(h, width)
  }</div>`;
}

/** @param {string} title */
function idOf(title) {
  return title.toLowerCase().replace(/\W+/g, "-");
}

/** A figure: its title, what it shows in a sentence, the drawing, and the same as a table. */
export function Figure({ title, sentence, legend, table, children }) {
  const id = idOf(title);
  return html`
    <figure class="sheet figure" aria-labelledby=${id}>
      <figcaption>
        <h2 id=${id}>${title}</h2>
        <p>${sentence}</p>
      </figcaption>
      ${legend !== undefined && html`<ul class="legend">
        ${legend.map(([kind, name]) => html`<li><i class=${`sign ${kind}`} aria-hidden="true"></i>${name}</li>`)}
      </ul>`}
      ${children}
      ${table !== undefined && html`<${AsTable} ...${table} />`}
    </figure>
  `;
}

/** A table that is made only when somebody wants it. */
function AsTable(table) {
  const [open, setOpen] = useState(false);
  return html`
    <details class="as-table" onToggle=${({ target }) => setOpen(target.open)}>
      <summary>Show as table</summary>
      ${open && html`<${Table} ...${table} />`}
    </details>
  `;
}

/** A column that stands to the right, as numbers do. @param {string} name */
export function end(name) {
  return { name, end: true };
}

/**
 * A table. A column is its name, or what `end()` makes of it; a cell is text, or anything of Preact.
 */
export function Table({ caption, hidden = true, columns, rows, empty = "Nothing." }) {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const sides = columns.map((one) => one.end ? "end" : "");
  return html`
    <div class="scroll" role="group" tabindex="0" aria-label=${caption}>
      <table>
        <caption class=${hidden ? "sr-only" : ""}>${caption}</caption>
        <thead>
          <tr>
            ${columns.map((one, index) => html`<th scope="col" class=${sides[index]}>${one.name ?? one}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(({ key, cells, kind = "" }) =>
            html`
              <tr key=${key} class=${kind}>
                ${cells.map((cell, index) =>
                  index === 0 ? html`<th scope="row">${cell}</th>` : html`<td class=${sides[index]}>${cell}</td>`
                )}
              </tr>
            `
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** A part of a view with its heading. `id` is for those that share a title. */
export function Section({ title, note, children, id = idOf(title) }) {
  return html`
    <section class="sheet" aria-labelledby=${id}>
      <h2 id=${id}>${title}</h2>
      ${note !== undefined && html`<p class="note">${note}</p>`}
      ${children}
    </section>
  `;
}

/** Names with their values. */
export function Facts({ facts }) {
  return html`
    <dl class="facts">
      ${facts.map(([name, value, note]) =>
        html`
          <div>
            <dt>${name}</dt>
            <dd>${value}${note !== undefined && html`
              <small>${note}</small>
            `}</dd>
          </div>
        `
      )}
    </dl>
  `;
}

/** A duration whose unit is smaller than its number. */
export function Big({ value }) {
  const words = String(value).split(" ");
  return html`<span class="big">${
    words.map((word, index) =>
      /^[\d.,−–<]+$/.test(word) ? html`${index > 0 ? " " : ""}${word}` : html`<small> ${word}</small>`
    )
  }</span>`;
}

/** A question before something is done. `act` is called with the answer yes, and may fail with a sentence. */
export function Ask({ name, question, explain, yes, act, kind = "" }) {
  const dialog = useRef(null);
  const [state, setState] = useState({ busy: false, said: "" });
  const agree = async () => {
    setState({ busy: true, said: "" });
    try {
      const said = await act();
      setState({ busy: false, said: said ?? "" });
      dialog.current?.close();
    } catch (error) {
      setState({ busy: false, said: error.message });
    }
  };
  return html`
    <button type="button" class=${`button ${kind}`} onClick=${() => dialog.current.showModal()}>${name}</button>
    <dialog ref=${dialog} class="ask" aria-label=${question}>
      <h2>${question}</h2>
      <p>${explain}</p>
      ${state.said !== "" && html`<p class="said" role="alert">${state.said}</p>`}
      <div class="buttons">
        <button type="button" class="button" onClick=${() => dialog.current.close()}>Cancel</button>
        <button type="button" class="button primary" disabled=${state.busy} onClick=${agree}>${yes}</button>
      </div>
    </dialog>
  `;
}

/** Copies a text. It says whether that went well. */
export function Copy({ name, text, kind = "" }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await text());
      setSaid("Copied");
    } catch (error) {
      setSaid(`Not copied: ${error.message}`);
    }
  };
  return html`
    <button type="button" class=${`button ${kind}`} onClick=${copy}>${said || name}</button>
    <span class="sr-only" role="status">${said}</span>
  `;
}

/** A sentence with its full stop. @param {string} text */
export function fullStop(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What needs attention. */
export function Attention({ items }) {
  return html`
    <section class="attention" aria-labelledby="attention">
      <h2 id="attention">What needs attention</h2>
      <div role="status">
        ${items.length === 0 ? html`<p class="calm">Nothing.</p>` : html`
          <ul>
            ${items.map(({ kind, what, word, cure, link, place }) =>
              html`
                <li class=${`item is-${kind}`} key=${what.replace(/\d+/g, "")}>
                  <span class="sign-word">${word ?? { bad: "Stops", warn: "Holds", note: "Note" }[kind]}</span>
                  <div>
                    <p>${fullStop(what)}</p>
                    ${cure !== undefined && html`<p class="cure">${fullStop(cure)}</p>`}
                    ${link !== undefined && html`<a href=${link}>Look at ${place}</a>`}
                  </div>
                </li>
              `
            )}
          </ul>
        `}
      </div>
    </section>
  `;
}

/** A key or a value as the server shows it. */
export function Shown({ of, shown }) {
  if (shown === null || shown === undefined) return html`<p class="empty">none</p>`;
  if (shown.as === "hidden") return html`<p class="empty">${size(shown.bytes)}; this page hides values</p>`;
  return html`
    <div class="shown">
      <pre class="value-text" tabindex="0" aria-label=${of}>${shown.text}</pre>
      <p class="soft">
        ${shown.as}, ${size(shown.bytes)}${shown.cut && `, the first ${size(shown.text.length)} are shown`}
        ${" "}<${Copy} name="Copy" kind="small" text=${() => shown.text} />
      </p>
    </div>
  `;
}

/** A record by its name. It opens a dialog with what the record is. */
export function Inspect({ topic, partition, offset, words }) {
  const name = `${topic}/${partition}@${offset}`;
  const dialog = useRef(null);
  const [found, setFound] = useState(undefined);
  const open = async () => {
    dialog.current.showModal();
    setFound(undefined);
    try {
      setFound(
        await ask(
          `/api/record?${new URLSearchParams({ topic, partition: String(partition), offset: String(offset) })}`,
        ),
      );
    } catch (error) {
      setFound({ error: error.message });
    }
  };
  return html`
    <button type="button" class="record-name" onClick=${open} aria-label=${`Look at the record ${name}`}>${name}</button>
    <dialog ref=${dialog} class="ask wide" aria-label=${`The record ${name}`}>
      <h2>${name}</h2>
      ${found === undefined
        ? html`<p class="soft">Reading it.</p>`
        : found.error !== undefined
        ? html`<p class="said bad-words">${fullStop(found.error)}</p>`
        : html`<${OneRecord} ...${{ found, words }} />`}
      <div class="buttons"><button type="button" class="button" onClick=${() =>
        dialog.current.close()}>Close</button></div>
    </dialog>
  `;
}

function OneRecord({ found, words }) {
  const { timestamp, key, value, headers = [], source, reason, stage } = found;
  return html`
    <${Facts} facts=${[
      ["timestamp", time(timestamp, words)],
      ...(reason === undefined ? [] : [["reason", reason]]),
      ...(stage === undefined ? [] : [["stage", stage]]),
      ...(source === undefined ? [] : [["came from", source]]),
    ]} />
    <h3>Key</h3>
    <${Shown} of="Its key" shown=${key} />
    <h3>Value</h3>
    <${Shown} of="Its value" shown=${value} />
    ${headers.length > 0 && html`
      <h3>Headers</h3>
      ${headers.map(({ name, value }) =>
        html`
          <p class="header-name">${name}</p>
          <${Shown} of=${`The header ${name}`} shown=${value} />
        `
      )}
    `}
  `;
}
