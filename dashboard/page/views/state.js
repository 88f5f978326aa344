/** State: what each stage keeps, how it grows, and the value of a key. */
import { count, rate, size, time } from "../format.js";
import { ask } from "../live.js";
import { end, fullStop, Section, Shown, Table } from "../parts.js";
import { html, useState } from "../preact.js";

/** Growth is measured over so many milliseconds. */
const SPAN = 60_000;

/** The view. */
export function State({ details, history, about, local }) {
  const words = { now: details.at, local };
  return html`
    <${Stages} ...${{ details, history, words, states: about?.states ?? [] }} />
    ${about !== undefined && html`<${LookUp} states=${about.states} />`}
  `;
}

/** How a figure of a stage grows, a minute. */
function growth(history, stage, figure) {
  const samples = history.last(SPAN);
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last.at - first.at < 5_000) return undefined;
  const [a, b] = [first.stages.get(stage), last.stages.get(stage)];
  return a === undefined || b === undefined ? undefined : (b[figure] - a[figure]) / (last.at - first.at) * SPAN;
}

function grown(value, shown) {
  if (value === undefined) return "–";
  const rounded = Math.round(value);
  return rounded === 0 ? "steady" : `${rounded > 0 ? "+" : "−"}${shown(Math.abs(rounded))}/min`;
}

/** The version of the values' shape. A stage may have several states, whose names begin with its own. */
function version(states, stage) {
  const own = states.filter(({ name }) => name === stage || name.startsWith(`${stage}/`));
  return own.length === 0 ? "–" : [...new Set(own.map((state) => state.version))].join(", ");
}

function Stages({ details: { stages, sentences }, history, words, states }) {
  const note = sentences.state && `${sentences.state} Counts are those since it took its tasks.`;
  return html`
    <${Section} title="What the stages keep" note=${note}>
      <${Table}
        caption="Stages that keep state"
        empty="No stage of this job keeps state."
        columns=${[
          "stage",
          "operator",
          end("version"),
          end("values"),
          end("bytes"),
          end("growth"),
          end("in"),
          end("out"),
          end("late"),
          end("waits for"),
          "fires next",
        ]}
        rows=${stages.map((one, index) => ({
          key: `${one.stage} ${index}`,
          cells: [
            one.stage,
            html`<code>${one.operator}</code>`,
            version(states, one.stage),
            count(one.keys),
            size(one.state_bytes),
            grown(growth(history, one.stage, "bytes"), size),
            html`${count(one.records_in)} <small>${
              rate(history.rate(({ stages }) => stages.get(one.stage)?.records))
            }/s</small>`,
            count(one.records_out),
            count(one.late),
            one.waiting === 0 ? "nothing" : count(one.waiting),
            time(one.next, words),
          ],
        }))}
      />
      <//>
  `;
}

const TYPES = [["string", "text"], ["number", "a number"], ["bigint", "a bigint"], ["boolean", "true or false"]];

/** The value of a key, as a stage has it in memory. */
function LookUp({ states }) {
  const [found, setFound] = useState(undefined);
  if (states.length === 0) return null;
  const look = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const [name, key, type, window] = ["name", "key", "type", "window"].map((field) => String(form.get(field) ?? ""));
    const query = new URLSearchParams({ key, type, ...(window === "" ? {} : { window: startOf(window) }) });
    const of = `${name}, ${key}`;
    try {
      setFound({ of, ...await ask(`/api/state/${encodeURIComponent(name)}?${query}`) });
    } catch (error) {
      setFound({ of, error: error.message });
    }
  };
  return html`
    <${Section} title="Look up a key"
      note="The value as it is in memory: it may be ahead of the last commit.">
      <form class="form" onSubmit=${look}>
        <label>State
          <select name="name">${states.map(({ name }) => html`<option value=${name}>${name}</option>`)}</select>
        </label>
        <label class="grow">Key <input name="key" required autocomplete="off" spellcheck=${false} /></label>
        <label>It is
          <select name="type">${TYPES.map(([type, name]) => html`<option value=${type}>${name}</option>`)}</select>
        </label>
        <label>Start of its window <input name="window" placeholder="no window" autocomplete="off" spellcheck=${false} /></label>
        <button type="submit" class="button primary">Look up</button>
      </form>
      <div role="status">${found !== undefined && html`<${Found} ...${found} />`}</div>
      <//>
  `;
}

/** A window's start in milliseconds: it may be given as a time. */
function startOf(text) {
  const ms = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  return String(Number.isNaN(ms) ? text : ms);
}

function Found({ of, error, value, found }) {
  if (error !== undefined) return html`<p class="said bad-words">${fullStop(error)}</p>`;
  if (!found) return html`<p class="said">No task of this worker has a value for ${of}.</p>`;
  return html`
    <p class="soft">${of}</p>
    <${Shown} of=${`The value of ${of}`} shown=${value} />
  `;
}
