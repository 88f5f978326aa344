/** Events: what happened to the job, the newest first, and a report to paste into an issue. */
import { ago, time } from "../format.js";
import { ask } from "../live.js";
import { Copy, Section } from "../parts.js";
import { html } from "../preact.js";

/** The view. */
export function Events({ details, happened, local }) {
  const words = { now: details.at, local, millis: true };
  return html`
    <${Section} title="What happened">
      ${happened === undefined || happened.length === 0 ? html`<p class="empty">Nothing yet.</p>` : html`
        <ol class="events">
          ${happened.map((one) =>
            html`
              <li key=${one.sequence} class=${`event is-${one.level}`}>
                <time datetime=${new Date(one.at).toISOString()}>${time(one.at, words)} <small>${ago(
                  one.at,
                  details.at,
                )}</small></time>
                <span class="event-kind">${one.kind}</span>
                <span>${one.text}</span>
              </li>
            `
          )}
        </ol>
      `}
    <//>
    <${Section} title="A report" note="Versions, options, topology, figures and events. It has no keys and no values.">
      <${Copy} name="Copy a report" kind="primary" text=${() => ask("/api/report")} />
    <//>
  `;
}
