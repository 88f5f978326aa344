/** Dead letters of a topic: why they are there, what they are, and how they are sent again. */
import { count, counted, time } from "../format.js";
import { ask } from "../live.js";
import { Ask, fullStop, Inspect, Section, Table } from "../parts.js";
import { html, useEffect, useState } from "../preact.js";

/** The letters of a topic, read anew when there are more of them. */
export function DeadLetters({ topic, details, words }) {
  const [found, setFound] = useState(undefined);
  const [turn, setTurn] = useState(0);
  const again = () => setTurn((turn) => turn + 1);
  useEffect(() => {
    let here = true;
    ask(`/api/dead-letters?${new URLSearchParams({ topic, limit: "50" })}`).then(
      (found) => here && setFound(found),
      (error) => here && setFound({ error: error.message }),
    );
    return () => here = false;
  }, [topic, details.dead_letters, turn]);
  if (found === undefined) return null;
  if (found.error !== undefined) {
    return html`
      <${Section} id=${`dead-${topic}`} title="Dead letters" note=${topic}>
        <p class="said">${fullStop(found.error)}</p>
        <//>
    `;
  }
  const { letters, reasons, complete, scanned } = found;
  const note = `${topic}${complete ? "" : `: the newest ${count(scanned)} records were looked at`}`;
  return html`
    <${Section} id=${`dead-${topic}`} title="Dead letters" note=${note}>
      ${letters.length === 0 ? html`<p class="calm">None.</p>` : html`
        <ul class="reasons">
          ${reasons.map((one) => html`<${ReasonLine} key=${one.reason} ...${{ topic, again }} ...${one} />`)}
        </ul>
        <${Table}
          caption=${`Dead letters in ${topic}, the newest first`}
          columns=${["letter", "came", "from", "stage", "reason", "replay"]}
          rows=${letters.map((one) => ({
            key: `${one.partition}@${one.offset}`,
            cells: [
              html`<${Inspect} topic=${topic} partition=${one.partition} offset=${one.offset} words=${words} />`,
              time(one.timestamp, words),
              one.source ?? "–",
              one.stage ?? "–",
              html`<span class="long">${one.reason}</span>`,
              html`<${Replay} ...${{ topic, again, words }} ...${one} />`,
            ],
          }))}
        />
      `}
    <//>
  `;
}

/** One reason, and all letters with it. */
function ReasonLine({ topic, reason, count: letters, replayed, again }) {
  const left = letters - replayed;
  const [said, setSaid] = useState("");
  const replay = async () => {
    let next, all = 0, step;
    do {
      step = await ask("/api/replay", { topic, reason, ...(next === undefined ? {} : { next }) });
      all += step.replayed;
      next = step.next;
      setSaid(`${counted(all, "letter")} sent again. ${step.sentence ?? ""}`);
    } while (next !== undefined);
    again();
  };
  return html`
    <li>
      <span>${reason}</span>
      <span class="soft">${counted(letters, "letter")}${replayed > 0 && `, ${count(replayed)} sent again`}</span>
      ${left > 0 && html`
        <${Ask}
          name="Replay all"
          kind="small"
          question=${`Send ${counted(left, "letter")} again?`}
          explain=${`Those with the reason "${reason}", each to the topic that it came from, 100 at a time. It stops at the first that dies again.`}
          yes="Send them"
          act=${replay}
        />
      `}
      ${said !== "" && html`<span class="soft" role="status">${said}</span>`}
    </li>
  `;
}

function Replay({ topic, partition, offset, source, replayed, again, words }) {
  if (replayed?.state === "done") return html`sent ${time(replayed.at, words)}`;
  const begun = replayed?.state === "begun";
  return html`
    <${Ask}
      name=${begun ? "Replay again" : "Replay"}
      kind="small"
      question=${`Send ${topic}/${partition}@${offset} again?`}
      explain=${begun
        ? "A replay was begun and its process ended before it said how it went. It may have been sent already."
        : `Its original bytes, key and headers go to the topic of ${
          source ?? "its source"
        }, with a mark that says where they come from.`}
      yes="Send it"
      act=${async () => {
        const { sentence } = await ask("/api/replay", { topic, partition, offset, ...(begun ? { again: true } : {}) });
        again();
        return sentence;
      }}
    />
  `;
}
