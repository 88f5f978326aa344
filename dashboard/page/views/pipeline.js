/** The pipeline: what it reads, its stages, and what it writes, each with its rate. */
import { rate } from "../format.js";
import { pipelineFigure } from "../figures/pipeline.js";
import { Section, useWidth } from "../parts.js";
import { h, html } from "../preact.js";

/** Kinds of nodes in words. */
const WORDS = {
  source: "reads",
  eventTime: "event time",
  watermark: "watermark",
  stage: "stage",
  hop: "hop",
  late: "late records",
  sink: "writes",
  table: "writes the table",
  deadLetters: "dead letters",
};

/** The pipeline as a graph where there is room, and as a list for narrow screens and for screen readers. */
export function Pipeline({ details, history, topology }) {
  return topology?.layout !== undefined && html`<${Drawn} ...${{ details, history, topology }} />`;
}

function Drawn({ details, history, topology }) {
  const [element, width] = useWidth();
  const rates = ratesOf(topology, history, details);
  return html`
    <${Section} title="Pipeline">
      <div ref=${element} class="pipeline">
        ${width >= 560 && html`<${Graph} ...${{ topology, rates, width }} />`}
        <${List} hidden=${width >= 560} ...${{ topology, rates }} />
      </div>
      <//>
  `;
}

/** Values a second into each node; `undefined` where it is not counted. */
function ratesOf({ nodes }, history, { entered = {} }) {
  return new Map(nodes.map(({ id }) => [
    id,
    id in entered ? history.rate((sample) => sample.entered?.[id]) ?? 0 : undefined,
  ]));
}

function Graph({ topology: { nodes, edges, layout }, rates, width }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const most = Math.max(1e-9, ...[...rates.values()].flatMap((value) => value ?? []));
  const boxes = layout.nodes.map((place) => {
    const { kind, operator, name = "", state } = byId.get(place.id);
    const value = rates.get(place.id);
    return {
      ...place,
      kind,
      operator: operatorWord(kind, operator),
      name,
      state,
      rate: value === undefined ? "" : `${rate(value)}/s`,
    };
  });
  const places = new Map(layout.nodes.map((place) => [place.id, place]));
  const lines = layout.edges.map(({ from, to, points: found }, index) => {
    const points = ported(found, places.get(from), places.get(to));
    const { kind, side, operators } = edges[index];
    const value = rates.get(to) ?? rates.get(from) ?? 0;
    const passes = operators > 0 ? `, through ${operators} operator${operators === 1 ? "" : "s"}` : "";
    return { kind: side === "table" ? "table" : kind, points, share: value / most, word: `${from} to ${to}${passes}` };
  });
  const label = `The pipeline: ${nodes.length} parts. The same stands in a list below.`;
  return html`
    <div class="scroll" role="group" tabindex="0" aria-label="The pipeline as a graph">
      ${pipelineFigure(h, { boxes, lines, label, room: width, width: layout.width, height: layout.height })}
    </div>
  `;
}

function operatorWord(kind, operator) {
  return kind === "source" ? "reads" : kind === "sink" ? "writes" : kind === "table" ? "table" : operator;
}

/** A line goes from the middle of one right edge to the middle of a left one. */
function ported(points, from, to) {
  return [
    { x: from.x + from.width, y: from.y + from.height / 2 },
    ...points.slice(1, -1).filter(({ x }) => x > from.x + from.width + 8 && x < to.x - 8),
    { x: to.x, y: to.y + to.height / 2 },
  ];
}

/** Parts in their order. Where a part gives to several, each of those has a list of its own. */
function List({ topology: { nodes, edges }, rates, hidden }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const below = Map.groupBy(edges, ({ from }) => from);
  const reached = new Set(edges.map(({ to }) => to));
  const shown = new Set();
  const chain = (node) => {
    const again = shown.has(node.id);
    shown.add(node.id);
    const next = again ? [] : (below.get(node.id) ?? []).map(({ to }) => byId.get(to));
    const one = html`<${Part} key=${node.id} ...${{ node, again, rate: rates.get(node.id) }}>
      ${next.length > 1 && next.map((part) => html`<ul>${chain(part)}</ul>`)}
    <//>`;
    return next.length === 1 ? [one, ...chain(next[0])] : [one];
  };
  return html`<ul class=${hidden ? "tree sr-only" : "tree"}>${
    nodes.filter(({ id }) => !reached.has(id)).map(chain)
  }</ul>`;
}

function Part({ node: { kind, name, operator }, again, rate: value, children }) {
  const what = kind === "stage" && name !== undefined ? operator : WORDS[kind];
  return html`
    <li>
      <p>
        <span><b>${name ?? operator}</b> <span class="soft">${what}${again && ", as above"}</span></span>
        ${value !== undefined && html`<span class="soft">${rate(value)}/s</span>`}
      </p>
      ${children}
    </li>
  `;
}
