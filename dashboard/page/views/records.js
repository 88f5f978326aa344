/** Records: those that came too late, and those that went to a dead-letter topic. */
import { count, counted, duration, percent, time, window as shownWindow } from "../format.js";
import { end, fullStop, Inspect, Section, Table } from "../parts.js";
import { html, useState } from "../preact.js";
import { DeadLetters } from "./dead_letters.js";

/** The view. */
export function Records({ details, about, local }) {
  const words = { now: details.at, local };
  return html`
    <${Late} ...${{ details, about, words }} />
    ${(about?.topics.deadLetters ?? []).map((topic) =>
      html`<${DeadLetters} key=${topic} ...${{ topic, details, words }} />`
    )}
    <${Counts} ...${{ details }} />
    ${about !== undefined &&
      html`<${LookAt} topics=${[...about.topics.read, ...about.topics.written]} words=${words} />`}
  `;
}

function Late({ details: { late, lateRecords, stages, records_in }, about, words }) {
  const advice = stages.flatMap(({ keptBy }) => keptBy?.sentence ?? []);
  return html`
    <${Section}
      title="Late records"
      note=${late === 0
        ? undefined
        : `${counted(late, "record")} of ${count(records_in)} came after their window was closed.`}
    >
      ${late === 0 && html`<p class="calm">None.</p>`}
      ${advice.map((sentence) => html`<p class="advice" key=${sentence}>${fullStop(sentence)}</p>`)}
      ${lateRecords.length > 0 && html`
        <p class="said">${fullStop(lateRecords[0].sentence)}</p>
        <${Table}
          caption="The newest late records"
          columns=${[
            "record",
            "event time",
            end("late by"),
            "for",
            "window",
            "closed by",
          ]}
          rows=${lateRecords.map((one) => ({
            key: `${one.stage} ${one.topic}/${one.partition}@${one.offset}`,
            cells: [
              named(one, { about, words }),
              time(one.eventTime, words),
              duration(one.lateness),
              one.stage,
              one.window === undefined ? "–" : shownWindow(one.window, words),
              one.closedBy === undefined
                ? "not known"
                : html`${named(one.closedBy, { about, words })} <small>${duration(one.closedBy.before)} before</small>`,
            ],
          }))}
        />
      `}
    <//>
  `;
}

/** A record by its name, to be looked at where the server can. */
function named({ topic, partition, offset }, { about, words }) {
  if (about === undefined) return `${topic}/${partition}@${offset}`;
  return html`<${Inspect} ...${{ topic, partition, offset, words }} />`;
}

/** Any record of a topic of the job. */
function LookAt({ topics, words }) {
  const [asked, setAsked] = useState({ topic: topics[0], partition: "0", offset: "0" });
  const change = (field) => ({ target }) => setAsked({ ...asked, [field]: target.value });
  return html`
    <${Section} title="Look at a record">
      <div class="form">
        <label class="grow">Topic
          <select value=${asked.topic} onChange=${change("topic")}>
            ${[...new Set(topics)].map((topic) => html`<option value=${topic}>${topic}</option>`)}
          </select>
        </label>
        <label>Partition <input inputmode="numeric" value=${asked.partition} onInput=${change("partition")} /></label>
        <label>Offset <input inputmode="numeric" value=${asked.offset} onInput=${change("offset")} /></label>
        <p class="look">
          <${Inspect} ...${asked} words=${words} />
        </p>
      </div>
      <//>
  `;
}

function Counts({ details: { dead_letters, unpublishable, missing, records_in } }) {
  const share = (n) => records_in === 0 ? "" : ` (${percent(n / records_in)})`;
  const rows = [
    ["went to a dead-letter topic", dead_letters],
    ["results that the broker refused for good", unpublishable],
    ["were gone before they could be read", missing],
  ];
  return html`
    <${Section} title="Records with no result">
      ${rows.every(([, n]) => n === 0)
        ? html`<p class="calm">None: every record that was read is in the results.</p>`
        : html`
          <ul class="plain">
            ${rows.filter(([, n]) => n > 0).map(([name, n]) => html`<li><b>${count(n)}</b> ${name}${share(n)}</li>`)}
          </ul>
        `}
    <//>
  `;
}
