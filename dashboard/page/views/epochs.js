/** Epochs: when they were cut, what their commits take, where the time goes, what is visible and what waits. */
import { ago, count, duration, percent, size, ticks, time, timeTicks } from "../format.js";
import { epochsFigure } from "../figures/epochs.js";
import { sharesFigure } from "../figures/shares.js";
import { Ask, Drawing, end, Facts, Figure, Section, Table } from "../parts.js";
import { ask } from "../live.js";
import { html, useEffect } from "../preact.js";

/** How far back the time line goes, in milliseconds. */
const LINE = 60_000;
/** From so many epochs a second on they are drawn as a band. */
const MANY = 60;

/** So many of the newest epochs are asked for again, because they may have become visible. */
const AGAIN = 60;

/** The view. */
export function Epochs({ details, history, about, local }) {
  const words = { now: details.at, local };
  useEffect(() => {
    // A snapshot has the newest only. Those that were not visible yet are asked for again.
    const waits = history.epochs.find(({ commit }) => commit > (history.epochs.at(-1)?.commit ?? 0) - AGAIN);
    ask(`/api/epochs?after=${(waits?.commit ?? 1) - 1}`).then((epochs) => history.committed(epochs), () => {});
  }, [details.at]);
  return html`
    <${Line} ...${{ details, history, words }} />
    <div class="pair">
      <${Visible} ...${{ details, about, words }} />
      <${Goes} ...${{ details }} />
    </div>
    <${Lately} ...${{ details }} />
  `;
}

function Line({ details, history, words }) {
  const now = details.at, since = now - LINE;
  const perSecond = history.rate(({ epochs }) => epochs) ?? 0;
  const seen = history.epochs.filter(({ at }) => at >= since);
  const many = perSecond > MANY;
  const epochs = many ? [...seen].sort((a, b) => b.commit_ms - a.commit_ms).slice(0, 5) : seen;
  const high = Math.max(1, ...seen.map(({ commit_ms, publish }) => commit_ms + (publish?.took ?? 0)));
  const scene = {
    ...{ since, now, epochs, seconds: many ? secondsOf(seen) : [] },
    sentence: sentenceOf(details, perSecond),
    xTicks: timeTicks(since, now, innerWidth < 640 ? 3 : 6).map((at) => ({
      time: at,
      word: time(at, words).replace(/Z$/, ""),
    })),
    yTicks: ticks(high, 4).map((value) => ({ value, word: value === 0 ? "0" : duration(value) })),
  };
  const published = epochs.some(({ publish }) => publish !== undefined);
  return html`
    <${Figure}
      title="Commits of the last minute"
      sentence=${scene.sentence}
      legend=${[
        ["commit", "commit"],
        ...(published ? [["publish", "publish"]] : []),
        ...(many ? [["epoch-band", "half of them to the longest, each second"]] : []),
      ]}
      table=${tableOf(history, words)}
    >
      ${seen.length === 0
        ? html`<p class="empty">No epoch was cut in the last minute: there was nothing to commit.</p>`
        : html`<${Drawing} height=${220} draw=${(h, width) => epochsFigure(h, { scene, width, height: 220 })} />`}
    <//>
  `;
}

/** The time line in a sentence. */
function sentenceOf({ commit_ms, epochs }, perSecond) {
  if (epochs === 0) return "Nothing has been committed yet.";
  const often = perSecond === 0
    ? "None in the last seconds"
    : perSecond >= 1
    ? `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} epochs a second`
    : `an epoch each ${duration(1000 / perSecond)}`;
  const lasts = commit_ms.max === 0
    ? ""
    : `; half of the commits take at most ${duration(commit_ms.p50)}, the longest took ${duration(commit_ms.max)}`;
  return `${often[0].toUpperCase()}${often.slice(1)}${lasts}.`;
}

/** From half of the epochs to the longest one, for each second. */
function secondsOf(seen) {
  const bySecond = Map.groupBy(seen, ({ at }) => Math.floor(at / 1000));
  return [...bySecond].map(([second, all]) => {
    const sorted = all.map(({ commit_ms }) => commit_ms).sort((a, b) => a - b);
    return { at: second * 1000, low: sorted[sorted.length >> 1], high: sorted[sorted.length - 1] };
  });
}

function tableOf({ epochs }, words) {
  return {
    caption: "The newest commits",
    columns: [
      "cut at",
      end("tasks"),
      end("records"),
      end("results"),
      end("bytes"),
      end("commit"),
      end("publish"),
    ],
    rows: epochs.slice(-24).reverse().map((one, index) => ({
      key: `${one.at} ${index}`,
      cells: [
        time(one.at, { ...words, millis: true }),
        one.tasks,
        count(one.records),
        count(one.results),
        size(one.bytes),
        duration(one.commit_ms),
        duration(one.publish?.took),
      ],
    })),
  };
}

function Visible({ details: { job, epochs, tasks, state, sentences }, about, words }) {
  const behind = tasks.filter(({ epoch, visible }) => visible < epoch);
  const ended = state === "stopped" || state === "finished";
  const single = tasks.length === 1;
  const newest = Math.max(...tasks.flatMap(({ at }) => at ?? []));
  return html`
    <${Section} title="What is visible">
      <p class="said">${sentences.visible}</p>
      <${Facts}
        facts=${[
          ["committed epochs", count(epochs)],
          ...(single
            ? [["visible up to epoch", count(tasks[0].visible)]]
            : [["tasks with epochs that wait", count(behind.length)]]),
          ["last cut", Number.isFinite(newest) ? ago(newest, words.now) : "never"],
        ]}
      />
        ${about !== undefined && !ended && html`
          <p class="acts">
            <${Ask}
              name="Stop the job"
              question=${`Stop the job ${job}?`}
              explain="It commits what it has processed, publishes what is committed, and releases its tasks. The next start goes on there."
              yes="Stop it"
              act=${async () => (await ask("/api/stop", {})).sentence}
            />
          </p>
        `}
    <//>
  `;
}

/** The activities of a worker, in the order of the bar. */
const ACTIVITIES = [
  ["push", "records through the pipelines"],
  ["commit", "waits for a commit"],
  ["publish", "waits for publishing"],
  ["input", "waits for input"],
  ["other", "everything else"],
];

function Goes({ details: { time: shares, sentences } }) {
  if (shares === undefined) {
    return html`
      <${Section} title="Where the time goes">
        <p class="empty">Known after half a second.</p>
        <//>
    `;
  }
  const parts = ACTIVITIES.map(([kind, name]) => ({
    kind,
    share: shares[kind],
    name: `${name}: ${percent(shares[kind] / 100)}`,
  }));
  return html`
    <${Section} title="Where the time goes">
      <p class="said">${sentences.limit}</p>
      <${Drawing} height=${20} draw=${(h, width) =>
        sharesFigure(h, { parts, label: parts.map(({ name }) => name).join(", "), width, height: 20 })} />
      <ul class="shares-list">
        ${ACTIVITIES.map(([kind, name]) =>
          html`
            <li><i class=${`sign ${kind}`} aria-hidden="true"></i>${name}<b>${percent(shares[kind] / 100)}</b></li>
          `
        )}
      </ul>
      <//>
  `;
}

function Lately({ details: { commit_ms, publish_ms, latency_ms } }) {
  const rows = [["commit", commit_ms], ["publish", publish_ms], ["from record to visible result", latency_ms]]
    .filter(([, { max }]) => max > 0);
  return html`
    <${Section} title="The last minute">
      <${Table}
        caption="Durations of the last minute"
        empty="Nothing was committed in the last minute."
        columns=${[
          "what",
          end("half within"),
          end("95 % within"),
          end("99 % within"),
          end("longest"),
        ]}
        rows=${rows.map(([name, { p50, p95, p99, max }]) => ({
          key: name,
          cells: [
            name,
            duration(p50),
            duration(p95),
            duration(p99),
            duration(max),
          ],
        }))}
      />
      <//>
  `;
}
