/** Now: how the job is, in a sentence, six figures, and its pipeline. */
import { count, counted, duration, percent, rate, size } from "../format.js";
import { lineFigure } from "../figures/line.js";
import { sharesFigure } from "../figures/shares.js";
import { Attention, Big, Drawing } from "../parts.js";
import { html } from "../preact.js";
import { attention, headline, limitOf, resultsOf } from "../sentences.js";
import { holderOf } from "../tide_scene.js";
import { Pipeline } from "./pipeline.js";

/** How far back the lines under the figures go, in milliseconds. */
const LINE = 120_000;

/** The view. */
export function Now({ details, history, why, topology }) {
  return html`
    <p class="headline">${headline(details, history)}</p>
    <${Attention} items=${attention(details, history, why)} />
    <section aria-labelledby="six">
      <h2 id="six" class="sr-only">Six figures</h2>
      <div class="six">
        ${[In, Out, Behind, EventTime, Latency, Limit].map((Six) => html`<${Six} ...${{ details, history }} />`)}
      </div>
    </section>
    <${Pipeline} ...${{ details, history, topology }} />
  `;
}

/** One figure, with a line of its last two minutes. */
function Stat({ name, value, note, points, least, history, children }) {
  const now = history.samples.at(-1)?.at ?? 0;
  const since = now - LINE;
  return html`
    <div class="sheet stat">
      <h3>${name}</h3>
      <p class="value"><${Big} value=${value} /></p>
      <p class="note">${note}</p>
      ${children}
      ${points !== undefined && html`
        <${Drawing} height=${44} draw=${(h, width) =>
          lineFigure(h, { points, least, since, now, width, height: 44 })} />
      `}
    </div>
  `;
}

function since(history) {
  return (history.samples.at(-1)?.at ?? 0) - LINE;
}

function In({ details, history }) {
  const perSecond = history.perSecond() ?? details.records_per_second;
  return html`
    <${Stat}
      name="Records in"
      value=${`${rate(perSecond)} /s`}
      note=${`${count(details.records_in)} since the job's first start`}
      points=${history.rates(({ records }) => records, since(history))}
      history=${history}
    />
  `;
}

function Out({ details, history }) {
  const topics = Object.keys(details.outputs).length;
  return html`
    <${Stat}
      name="Results"
      value=${`${rate(history.rate(({ results }) => results))} /s`}
      note=${`${count(resultsOf(details))} in ${counted(topics, "topic")}`}
      points=${history.rates(({ results }) => results, since(history))}
      history=${history}
    />
  `;
}

function Behind({ details, history }) {
  const { lag, lagTime, partitions } = details;
  const trend = history.trend(history.perSecond());
  const ages = partitions.filter(({ paused }) => paused).flatMap(({ endAge }) => endAge ?? []);
  const age = ages.length > 0 ? `, as of ${duration(Math.max(...ages))} ago` : "";
  const note = lag === undefined
    ? "not known before the first fetch of each partition"
    : `${counted(lag, "record")} wait${lag === 1 ? "s" : ""}${age}${trend === undefined ? "" : `, ${trend.word}`}`;
  return html`
    <${Stat}
      name="Behind"
      value=${duration(lagTime)}
      note=${note}
      points=${history.values(({ lag }) => lag, since(history))}
      least=${history.perSecond()}
      history=${history}
    />
  `;
}

function EventTime({ details, history }) {
  const known = details.watermarks.filter(({ lag }) => lag !== undefined);
  const worst = known.sort((a, b) => b.lag - a.lag)[0];
  const speed = history.speed();
  if (worst === undefined) {
    return html`<${Stat} name="Event time behind" value="–" note=${noTime(details)} history=${history} />`;
  }
  const { lag, bound } = worst;
  const fast = speed !== undefined && speed > 3;
  const rest = bound === undefined ? lag : Math.max(0, lag - bound);
  const note = fast
    ? `goes at ${count(speed)} times real time, and is at now in ${duration(lag / (speed - 1))}`
    : bound === undefined
    ? "behind the clock, as its watermarks say"
    : `${duration(bound)} by design, ${duration(rest)} besides`;
  const parts = [{ name: "by design", share: bound ?? 0, kind: "design" }, {
    name: "besides",
    share: rest,
    kind: "rest",
  }];
  return html`
    <${Stat} name="Event time behind" value=${duration(lag)} note=${note} history=${history}>
      <div class="bottom">
        <${Drawing}
          height=${10}
          draw=${(h, width) => sharesFigure(h, { parts, label: note, width, height: 10 })}
        />
        <p
          class="key"><span><i class="sign design" aria-hidden="true"></i>the bound</span> <span><i class="sign rest" aria-hidden="true"></i>besides</span></p>
      </div>
      <//>
  `;
}

/** Why there is no watermark. */
function noTime(details) {
  const [first] = details.watermarks;
  const holder = first && holderOf(details, first.name);
  if (first === undefined) return "no pipeline has a watermark";
  return holder === undefined
    ? "there is no watermark yet"
    : `no watermark yet: ${holder.topic}/${holder.partition} has had no event`;
}

function Latency({ details, history }) {
  const { latency_ms: { p50, p99, max } } = details;
  return html`
    <${Stat}
      name="From record to visible result"
      value=${max === 0 ? "–" : duration(p50)}
      note=${max === 0
        ? "no result in the last minute"
        : `half of them; 99 % within ${duration(p99)}, all within ${duration(max)}`}
      points=${history.values(({ latency }) => latency, since(history))}
      history=${history}
    />
  `;
}

function Limit({ details }) {
  const { time } = details;
  const parts = time === undefined ? [] : Object.keys(WORDS).map((kind) => ({
    ...{ kind, share: time[kind], name: `${WORDS[kind]}: ${percent(time[kind] / 100)}` },
  }));
  const word = time === undefined ? "–" : limitOf(details)?.replace(/ \(.*/, "") ?? "nothing";
  const label = parts.map(({ name }) => name).join(", ");
  return html`
    <div class="sheet stat">
      <h3>Limited by</h3>
      <p class="value words">${word[0].toUpperCase()}${word.slice(1)}</p>
      <p class="note">${limitNote(details)}</p>
      <div class="bottom">
        <${Drawing} height=${10} draw=${(h, width) =>
          parts.length > 0 && sharesFigure(h, { parts, label, width, height: 10 })} />
        <p class="key">${parts.filter(({ share }) => share >= 1).map(({ kind, share }) =>
          html`
            <span><i class=${`sign ${kind}`} aria-hidden="true"></i>${WORDS[kind]} ${percent(share / 100)} </span>
          `
        )}</p>
      </div>
    </div>
  `;
}

/** How much of the time it is, and what waits to be published. */
function limitNote({ time, waiting, state, sentences }) {
  if (time === undefined) {
    return state === "stopped" || state === "finished" ? "the job has ended" : "known in a moment";
  }
  const visible = waiting.epochs === 0
    ? "everything is visible"
    : `${counted(waiting.epochs, "epoch")} (${size(waiting.bytes)}) to be published`;
  const limited = limitOf({ sentences }) !== undefined;
  const most = limited ? Math.max(...Object.values(time)) : time.input;
  return `${percent(most / 100)} of the time${!limited ? " it waits for input" : ""}; ${visible}`;
}

/** The activities of a worker. */
const WORDS = { push: "code", commit: "commit", publish: "publish", input: "idle", other: "other" };
