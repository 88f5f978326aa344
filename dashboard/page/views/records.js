/** Records: those that came too late, and those that went to a dead-letter topic. */
import { count, counted, duration, percent, time, window as shownWindow } from "../format.js";
import { Section, Table } from "../parts.js";
import { html } from "../preact.js";

/** The view. */
export function Records({ details, local }) {
  const words = { now: details.at, local };
  return html`
    <${Late} ...${{ details, words }} />
    <${Counts} ...${{ details }} />
  `;
}

function Late({ details: { late, lateRecords, stages, records_in }, words }) {
  const advice = stages.flatMap(({ stage, keptBy, late: own }) =>
    keptBy === undefined ? [] : [{ stage, own, ...keptBy }]
  );
  return html`
    <${Section}
      id="late"
      title="Late records"
      note=${late === 0
        ? undefined
        : `${counted(late, "record")} of ${count(records_in)} came after their window was closed.`}
    >
      ${late === 0 && html`<p class="calm">None.</p>`}
      ${advice.map(({ stage, most, all }) =>
        html`
          <p class="advice" key=${stage}>
            For <b>${stage}</b> a bound of <b>${duration(most)}</b> would have kept 99.9 % of all records, and
            one of <b>${duration(all)}</b> all of them.
          </p>
        `
      )}
      ${lateRecords.length > 0 && html`
        <${Table}
          caption="The newest late records"
          columns=${[
            { name: "record" },
            { name: "event time" },
            { name: "late by", end: true },
            { name: "for" },
            { name: "window" },
            { name: "closed by" },
          ]}
          rows=${lateRecords.map((one) => ({
            key: `${one.stage} ${one.topic}/${one.partition}@${one.offset}`,
            cells: [
              `${one.topic}/${one.partition}@${one.offset}`,
              time(one.eventTime, words),
              duration(one.lateness),
              one.stage,
              one.window === undefined ? "–" : shownWindow(one.window, words),
              one.closedBy === undefined
                ? "not known"
                : html`${one.closedBy.topic}/${one.closedBy.partition}@${one.closedBy.offset} <small>${
                  duration(one.closedBy.before)
                } before</small>`,
            ],
          }))}
        />
      `}
    <//>
  `;
}

function Counts({ details: { dead_letters, unpublishable, missing, records_in } }) {
  const share = (n) =>
    records_in === 0
      ? ""
      : ` (${n / records_in < 0.01 ? `${(n / records_in * 100).toPrecision(2)} %` : percent(n / records_in)})`;
  const rows = [
    ["went to a dead-letter topic", dead_letters],
    ["results that the broker refused for good", unpublishable],
    ["were gone before they could be read", missing],
  ];
  return html`
    <${Section} id="refused" title="Records with no result">
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
