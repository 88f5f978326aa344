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
    <${Section} id="pipeline" title="Pipeline">
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
    <div class="scroll" role="region" tabindex="0" aria-label="The pipeline as a graph">
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

/** Each part below the one that it has its values from. */
function List({ topology: { nodes, edges }, rates, hidden }) {
  const below = Map.groupBy(edges, ({ from }) => from);
  const reached = new Set(edges.map(({ to }) => to));
  const shown = new Set();
  const branch = (node) => {
    const again = shown.has(node.id);
    shown.add(node.id);
    const value = rates.get(node.id);
    const next = again ? [] : below.get(node.id) ?? [];
    return html`
      <li key=${node.id}>
        <span><b>${node.name ?? node.operator}</b> <span class="soft">${WORDS[node.kind]}${node.name !== undefined &&
          node.kind === "stage" && `, ${node.operator}`}</span></span>
        ${value !== undefined && html`<span class="list-rate">${rate(value)}/s</span>`}
        ${again && html`<span class="soft">see above</span>`}
        ${next.length > 0 && html`<ul>${next.map(({ to }) => branch(nodes.find(({ id }) => id === to)))}</ul>`}
      </li>
    `;
  };
  return html`<ul class=${hidden ? "tree sr-only" : "tree"}>${
    nodes.filter(({ id }) => !reached.has(id)).map(branch)
  }</ul>`;
}
