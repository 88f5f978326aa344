/** Time: event time against the clock, the partitions, and each window that waits with its why. */
import { ago, count, duration, time, window as shownWindow } from "../format.js";
import { plotOf, tideFigure } from "../figures/tide.js";
import { Drawing, end, Figure, fullStop, Section, Table } from "../parts.js";
import { ASKED, Pages, startOf, useRows } from "../pages.js";
import { html, useRef, useState } from "../preact.js";
import { holderOf, tideScene } from "../tide_scene.js";

/** A partition is called quiet after so many milliseconds. */
const QUIET = 2_000;

/** The view. */
export function Time({ details, history, why, local, page }) {
  const words = { now: details.at, local };
  return html`
    <${Tide} ...${{ details, history, local }} />
    <${Why} ...${{ why, words }} />
    <${Disorder} ...${{ details }} />
    <${Watermarks} ...${{ details, words }} />
    <${Partitions} ...${{ details, history, words, page }} />
  `;
}

/** The figure, with a reading of the moment under the pointer. */
export function Tide({ details, history, local }) {
  const names = details.watermarks.map(({ name }) => name);
  const [chosen, choose] = useState(undefined);
  const [reading, read] = useState(undefined);
  const size = useRef({ width: 0, height: 0 });
  if (names.length === 0) return html`<p class="empty">No pipeline of this job has a watermark.</p>`;
  const name = names.includes(chosen) ? chosen : names[0];
  const narrow = innerWidth < 640;
  const height = narrow ? 300 : 400;
  const scene = tideScene(history, details, { name, local, narrow });
  const { since, now } = scene;
  const point = ({ currentTarget, clientX }) => {
    const svg = currentTarget.querySelector("svg");
    if (svg === null) return;
    const { left, right } = plotOf(scene, size.current.width, size.current.height);
    const part = (clientX - svg.getBoundingClientRect().left - left) / (right - left);
    read(part < 0 || part > 1 ? undefined : since + part * (now - since));
  };
  const step = (event) => {
    const by = { ArrowLeft: -5_000, ArrowRight: 5_000 }[event.key];
    if (by !== undefined) read(Math.min(now, Math.max(since, (reading ?? now) + by)));
    if (event.key === "Escape") read(undefined);
  };
  const shown = reading === undefined ? undefined : Math.min(now, Math.max(since, reading));
  return html`
    <${Figure}
      title=${scene.title}
      sentence=${scene.sentence}
      legend=${legendOf(scene, details)}
      table=${tableOf(scene, { now, local })}
    >
      ${names.length > 1 && html`
        <label class="choose">Watermark
          <select value=${name} onChange=${({ target }) => choose(target.value)}>
            ${names.map((one) => html`<option value=${one}>${one}</option>`)}
          </select>
        </label>
      `}
      <div
        class="readable"
        tabindex="0"
        role="group"
        aria-label="Read the figure with the arrow keys"
        onPointerMove=${point}
        onPointerLeave=${() => read(undefined)}
        onKeyDown=${step}
        onBlur=${() => read(undefined)}
      >
        <${Drawing}
          height=${height}
          draw=${(h, width) => {
            size.current = { width, height };
            return tideFigure(h, { scene, width, height, reading: shown });
          }}
        />
        <p class="reading-words" aria-live="polite">${readingWords(scene, shown, { now, local })}</p>
      </div>
    <//>
  `;
}

function legendOf({ stairs, bands, firings, late, bound, newest }, { partitions, leftOut: { partitions: left } }) {
  return [
    ["diagonal", "now"],
    ...(newest.length > 0 ? [["crest", "newest event"]] : []),
    ["surface", "watermark"],
    ...(bound ? [["bound", `the bound, ${duration(bound)}`]] : []),
    ...(stairs.length > 4
      ? [["place-many", `${stairs.length}${left > 0 ? ` of ${partitions.length + left}` : ""} partitions`]]
      : stairs.map(({ name, index, holds }) => [`place-${index % 4}`, holds ? `${name}, holds it` : name])),
    ...(bands.length > 0 ? [["window", `window of ${bands[0].stage}`]] : []),
    ...(firings.length > 0 ? [["firing", "fired"]] : []),
    ...(late.length > 0 ? [["late", "late record"]] : []),
  ];
}

/** What stood at a moment. */
function readingWords({ watermark, since, now: end }, at, words) {
  if (at === undefined) return `${time(since, words)} to ${time(end, words)}`;
  const known = watermark.findLast((point) => point.at <= at);
  if (known?.mark === undefined) return `${time(at, words)}: no watermark is known`;
  return `${time(at, words)}: watermark ${time(known.mark, words)}, ${
    duration(Math.max(0, at - known.mark))
  } behind the clock`;
}

function tableOf({ watermark, stairs }, words) {
  const every = Math.ceil(watermark.length / 30);
  const shown = stairs.slice(0, 6);
  return {
    caption: "Watermarks over time",
    columns: [
      "clock",
      "watermark",
      end("behind"),
      ...shown.map(({ name }) => name),
    ],
    rows: watermark.filter((_one, index) => (watermark.length - 1 - index) % every === 0).reverse().map((
      { at, mark },
    ) => ({
      key: at,
      cells: [
        time(at, words),
        time(mark, words),
        duration(mark === undefined ? undefined : at - mark),
        ...shown.map(({ points }) => time(points.findLast((point) => point.at <= at)?.mark, words)),
      ],
    })),
  };
}

/** Explanations that say the same of several tasks are one. */
function together(why) {
  const groups = Map.groupBy(
    why,
    ({ stage, reason, sideReason, window, holder, cure }) =>
      JSON.stringify([stage, reason, sideReason, window, holder?.topic, cure]),
  );
  return [...groups.values()].map(([one, ...others]) => ({
    one,
    waiting: others.reduce((sum, { waiting }) => sum + waiting, one.waiting),
    others: others.flatMap(({ task }) => task ?? []),
  }));
}

/** What waits, and why. */
function Why({ why, words }) {
  if (why === undefined) return null;
  return html`
    <${Section} title="Why has it not fired?">
      ${why.length === 0 ? html`<p class="calm">No window and no timer waits.</p>` : html`
        <ul class="whys">
          ${together(why).slice(0, 30).map((group) =>
            html`<${One} key=${`${group.one.stage} ${group.one.task}`} ...${group} words=${words} />`
          )}
        </ul>
      `}
    <//>
  `;
}

function One({ one, waiting, others, words }) {
  const { stage, operator, task, reason, sideReason, window, moment, cure, sentence } = one;
  const said = stage !== undefined && sentence.startsWith(`${stage}: `) ? sentence.slice(stage.length + 2) : sentence;
  const same = others.length === 0
    ? ""
    : ` The same holds for ${others.length === 1 ? "task" : "tasks"} ${listed(others)}.`;
  return html`
    <li>
      <p class="why-head">
        <span class="reason">${reason}${sideReason !== undefined && `: ${sideReason}`}</span>
        ${stage !== undefined && html`<b>${stage}</b>`}
        <span class="soft">${operator}${task !== undefined && `, task ${task}`}</span>
        ${window !== undefined && html`<span class="soft">${shownWindow(window, words)}</span>`}
      </p>
      <p class="said">${fullStop(said[0].toUpperCase() + said.slice(1))}${same}</p>
      ${cure !== undefined && html`<p class="cure">${fullStop(cure)}</p>`}
      <p class="soft">
        ${waiting > 0 && `${count(waiting)} wait${waiting === 1 ? "s" : ""} here. `}
        ${moment !== undefined && `Expected ${ago(moment, words.now)}, at ${time(moment, words)}.`}
      </p>
    </li>
  `;
}

/** Some names: `1, 2 and 3`. */
function listed(names) {
  const shown = names.length > 8 ? [...names.slice(0, 7), `${names.length - 7} more`] : names;
  return shown.length === 1 ? String(shown[0]) : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** How far events are out of order, and what that says of the bound. */
function Disorder({ details: { watermarks } }) {
  const known = watermarks.filter(({ disorder }) => disorder !== undefined);
  if (known.length === 0) return null;
  return html`
    <${Section} title="How far are events out of order?"
      note="Behind the latest event of their partition. One value in 16 is looked at.">
      ${known.flatMap(({ name, disorder: { advice } }) =>
        advice === undefined ? [] : [html`<p class="advice" key=${name}>${fullStop(advice)}</p>`]
      )}
      <${Table}
        caption="How far events are out of order"
        columns=${[
          "watermark",
          end("half within"),
          end("99.9 % within"),
          end("all within"),
          end("the bound"),
          end("beyond it"),
        ]}
        rows=${known.map(({ name, bound, disorder: { half, most, all, beyond } }) => ({
          key: name,
          cells: [
            name,
            duration(half),
            duration(most),
            duration(all),
            duration(bound),
            beyond === undefined ? "–" : beyond === 0 ? "none" : `${(beyond * 100).toPrecision(2)} %`,
          ],
        }))}
      />
    <//>
  `;
}

function Watermarks({ details, words }) {
  if (details.watermarks.length < 2) return null;
  return html`
    <${Section} title="Watermarks">
      <${Table}
        caption="Watermarks"
        columns=${[
          "watermark",
          "is at",
          end("behind"),
          end("by design"),
          end("spread"),
          end("idle after"),
          end("tasks without"),
        ]}
        rows=${details.watermarks.map((one) => ({
          key: one.name,
          cells: [
            one.name,
            time(one.watermark, words),
            duration(one.lag),
            duration(one.bound),
            duration(one.spread),
            one.idleAfter === "never" ? "never" : duration(one.idleAfter),
            one.without === 0 ? "none" : `${one.without} of ${one.tasks}`,
          ],
        }))}
      />
      <//>
  `;
}

function Partitions({ details, history, words, page }) {
  const { leftOut, taskCount, watermarks } = details;
  const several = taskCount > 1;
  const total = details.partitions.length + leftOut.partitions, from = startOf(page, total);
  const rows = useRows({ details, history, from, needed: from !== undefined });
  const { partitions } = from === undefined ? details : rows ?? { partitions: [] };
  const holders = new Set(watermarks.flatMap(({ name }) => holderOf(details, name) ?? []).map(placeOf));
  return html`
    <${Section} title="Partitions">
      ${watermarks.map(({ name, sentence }) => html`<p class="said" key=${name}>${fullStop(sentence)}</p>`)}
      <${Pages} of="partitions" view="time" ...${{ from, total }} />
      <${Table}
        caption="Partitions"
        empty=${from === undefined ? "This worker reads no partition." : ASKED}
        columns=${[
          "partition",
          ...(several ? [end("task")] : []),
          end("position"),
          end("end"),
          end("behind"),
          "its watermark",
          end("raised by"),
          "it is",
        ]}
        rows=${partitions.map((one) => {
          const [mark] = one.marks;
          const held = holders.has(placeOf(one));
          return {
            key: placeOf(one),
            kind: held && total > 1 ? "holds" : "",
            cells: [
              `${one.topic}/${one.partition}`,
              ...(several ? [one.task] : []),
              count(one.position),
              html`${count(one.end)}${
                one.endAge > 2_000 && html`
                  <small>${duration(one.endAge)} old</small>
                `
              }`,
              one.end === undefined
                ? "–"
                : `${count(Math.max(0, one.end - one.position))}${one.lagTime > 0 ? `, ${duration(one.lagTime)}` : ""}`,
              time(mark?.mark, words),
              mark?.raisedBy === undefined ? "–" : `@${count(mark.raisedBy)}`,
              stateOf(one, held),
            ],
          };
        })}
      />
      <//>
  `;
}

function placeOf({ topic, partition, task }) {
  return `${topic}/${partition} ${task}`;
}

function stateOf({ marks, paused, quietFor }, held) {
  const words = [
    ...(held ? ["holds the watermark"] : []),
    ...(marks.some(({ idle }) => idle) ? ["idle"] : []),
    ...(paused ? ["paused: enough waits"] : []),
    ...(quietFor === undefined || quietFor < QUIET ? [] : [`quiet for ${duration(quietFor)}`]),
  ];
  return words.join(", ") || "being read";
}
