/** Tasks: all of them, whoever has them; whether one is hot. */
import { ago, count, counted, percent, time } from "../format.js";
import { skewFigure } from "../figures/shares.js";
import { Drawing, end, Figure, fullStop, Section, Table } from "../parts.js";
import { ASKED, Pages, startOf, useRows } from "../pages.js";
import { html } from "../preact.js";

/** Skew is measured over so many milliseconds. */
const SPAN = 60_000;
/** A task with more than this times its fair share is called hot. */
const HOT = 1.5;

/** The view. */
export function Tasks({ details, history, local, page }) {
  const words = { now: details.at, local };
  const from = startOf(page, details.taskCount);
  const rows = useRows({ details, history, from: from ?? 0, needed: details.leftOut.tasks > 0 });
  const shares = sharesOf(details, history);
  return html`
    ${details.taskCount > 1 && html`<${Skew} ...${{ details, shares }} />`}
    <${All} ...${{ details, shares, words, from, rows }} />
    <${HotKeys} ...${{ details }} />
    <${Workers} ...${{ details, words }} />
  `;
}

/** The records of each task in the last minute. */
function sharesOf(details, history) {
  const [now, then = now] = countsOf(details, history);
  const records = [...now].map(([task, count]) => ({
    task,
    records: Math.max(0, count - (then.get(task) ?? count)),
  }));
  const all = records.reduce((sum, one) => sum + one.records, 0);
  const fair = all / Math.max(1, records.length);
  const deviation = Math.sqrt(
    records.reduce((sum, one) => sum + (one.records - fair) ** 2, 0) / Math.max(1, records.length),
  );
  return { records, all, fair, cv: fair === 0 ? undefined : deviation / fair };
}

/** How many records each task had processed now, and a minute ago. */
function countsOf({ tasks, leftOut }, history) {
  if (leftOut.tasks === 0) {
    return [new Map(tasks.map(({ task, records_in }) => [task, records_in])), history.last(SPAN)[0]?.tasks];
  }
  return [history.counts.at(-1), history.counts[0]].map((counts) => new Map(counts?.records_in.entries()));
}

function Skew({ details, shares: { records, all, fair, cv } }) {
  const bars = records.map(({ task, records: value }) => ({ name: String(task), value, hot: value > HOT * fair }));
  const most = bars.toSorted((a, b) => b.value - a.value)[0];
  const sentence = all === 0
    ? "No record was processed in the last minute."
    : most.value > HOT * fair
    ? `Task ${most.name} had ${percent(most.value / all)} of the records of the last minute; a fair share is ${
      percent(1 / bars.length)
    }.`
    : `The records of the last minute are spread evenly over ${counted(details.taskCount, "task")}.`;
  return html`
    <${Figure}
      title="Is one task hot?"
      sentence=${`${sentence}${cv === undefined ? "" : ` Coefficient of variation ${cv.toFixed(2)}.`}`}
      table=${{
        caption: "Records of the last minute",
        columns: ["task", end("records"), end("share")],
        rows: records.map(({ task, records }) => ({
          key: task,
          cells: [task, count(records), percent(all === 0 ? undefined : records / all)],
        })),
      }}
    >
      <${Drawing} height=${132} draw=${(h, width) => skewFigure(h, { bars, fair, label: sentence, width })} />
      <//>
  `;
}

const SOURCES = { live: "live", committed: "as of its last commit", none: "nobody has had it" };

function All({ details, shares: { records, all }, words, from, rows }) {
  const { taskCount, worker, sentences } = details;
  const { tasks } = from === undefined ? details : rows ?? { tasks: [] };
  const shareOf = new Map(records.map(({ task, records }) => [task, records]));
  return html`
    <${Section} title=${counted(taskCount, "task")}>
      ${sentences.skew !== undefined && html`<p class="said">${sentences.skew}</p>`}
      <${Pages} of="tasks" view="tasks" from=${from} total=${taskCount} />
      <${Table}
        caption="Tasks"
        empty=${ASKED}
        columns=${[
          "task",
          "worker",
          "figures",
          end("records"),
          end("share"),
          end("behind"),
          "watermark",
          end("epoch"),
          end("visible"),
          end("last cut"),
        ]}
        rows=${tasks.map((one) => ({
          key: one.task,
          cells: [
            one.task,
            one.worker ?? (one.source === "live" ? worker ?? "this one" : "–"),
            html`${SOURCES[one.source]}${one.finished && ", finished"}${
              one.source === "committed" && one.at !== undefined && html`
                <small>${ago(one.at, words.now)}</small>
              `
            }`,
            count(one.records_in),
            percent(all === 0 ? undefined : shareOf.get(one.task) / all),
            count(one.lag),
            time(one.watermark, words),
            count(one.epoch),
            count(one.visible),
            one.at === undefined ? "never" : ago(one.at, words.now),
          ],
        }))}
      />
      <//>
  `;
}

function HotKeys({ details: { hotKeys } }) {
  return html`
    <${Section} title="Hot keys"
      note="Keys that at least one record in 32 of their partition has. One record in 64 is looked at.">
      ${hotKeys.length > 0 && html`<p class="said long">${fullStop(hotKeys[0].sentence)}</p>`}
      <${Table}
        caption="Hot keys"
        empty="None."
        columns=${["key", "partition", end("share, at least")]}
        rows=${hotKeys.map(({ key, topic, partition, share }) => ({
          key: `${topic}/${partition} ${key}`,
          cells: [html`<span class="long">${key}</span>`, `${topic}/${partition}`, percent(share)],
        }))}
      />
      <//>
  `;
}

function Workers({ details: { workers, worker }, words }) {
  if (workers.length === 0) return null;
  return html`
    <${Section} title=${counted(workers.length, "worker")}>
      <${Table}
        caption="Workers"
        columns=${["worker", "since", end("seen"), "version", "its page"]}
        rows=${workers.map((one, index) => ({
          key: `${one.name} ${index}`,
          cells: [
            `${one.name ?? "without a name"}${index === 0 && one.name === worker ? ", this one" : ""}`,
            time(one.since, words),
            ago(one.at, words.now),
            one.version,
            /^https?:/.test(one.page ?? "")
              ? html`<a href=${one.page} rel="noreferrer">${one.page}</a>`
              : one.page ?? "none",
          ],
        }))}
      />
      <//>
  `;
}
