/** The page of a job: its views, and the line to the server. */
import { time } from "./format.js";
import { History } from "./history.js";
import { ask, enter, follow } from "./live.js";
import { Component, html, render, useEffect, useLayoutEffect, useReducer, useRef, useState } from "./preact.js";
import { Epochs } from "./views/epochs.js";
import { Events } from "./views/events.js";
import { Now } from "./views/now.js";
import { Records } from "./views/records.js";
import { State } from "./views/state.js";
import { Tasks } from "./views/tasks.js";
import { Time } from "./views/time.js";

/** The views by their hashes, in their order. */
const VIEWS = { now: Now, time: Time, epochs: Epochs, tasks: Tasks, state: State, records: Records, events: Events };
const NAMES = Object.keys(VIEWS);

/** How many events are shown. */
const EVENTS = 200;

const NOTHING = {
  details: undefined,
  why: undefined,
  topology: undefined,
  about: undefined,
  happened: undefined,
  connected: undefined,
  refused: undefined,
};

/** What the page knows, after one more thing is told. */
function known(state, told) {
  return { ...state, ...told };
}

/** The job as the page knows it. */
function useJob() {
  const [state, tell] = useReducer(known, NOTHING);
  const [history] = useState(() => new History());
  useEffect(() => {
    let asking = false, topology = false;
    /** @type {any[]} */
    let happened = [];
    const quietly = (promise, use) => promise.then(use, () => {});
    const explain = () => {
      if (asking) return;
      asking = true;
      void quietly(ask("/api/why"), (why) => {
        history.explained(why);
        tell({ why });
      }).then(() => asking = false);
    };
    const listen = () => {
      void quietly(ask(`/api/happened?after=${happened[0]?.sequence ?? 0}`), (more) => {
        const known = happened.filter(({ sequence }) => !more.some((one) => one.sequence === sequence));
        happened = [...more.reverse(), ...known].slice(0, EVENTS);
        tell({ happened });
      });
    };
    return follow({
      event: (name, data) => {
        if (name !== "details") return;
        history.add(data);
        tell({ details: data, connected: true });
        if (!topology) {
          topology = true;
          happened = [];
          void quietly(ask("/api/topology"), (topology) => tell({ topology }));
          void quietly(ask("/api/about"), (about) => tell({ about }));
        }
        explain();
        if (data.lastEvent !== (happened[0]?.sequence ?? 0)) listen();
      },
      line: (connected, refused) => {
        if (!connected) topology = false;
        tell(connected ? { refused: undefined } : { connected: false, refused });
      },
    });
  }, []);
  return { ...state, history };
}

/** The view that the address names, and where its page begins: `#/tasks/32`. */
function useView() {
  const read = () => {
    const [, name, page] = /^#\/(\w+)(?:\/(\d+))?$/.exec(location.hash) ?? [];
    return NAMES.includes(name) ? { view: name, page: page && Number(page) } : { view: "now" };
  };
  const [at, setAt] = useState(read);
  // Before anything else happens: a change between drawing and listening would be missed.
  useLayoutEffect(() => {
    const changed = () => location.hash !== "#main" && setAt(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  useEffect(() => scrollTo(0, 0), [at.view]);
  return at;
}

/** A choice that this browser remembers. */
function useChoice(name, choices) {
  const [choice, setChoice] = useState(() => {
    const stored = localStorage.getItem(`tidemark ${name}`);
    return choices.includes(stored) ? stored : choices[0];
  });
  const next = () => {
    const following = choices[(choices.indexOf(choice) + 1) % choices.length];
    localStorage.setItem(`tidemark ${name}`, following);
    setChoice(following);
  };
  return [choice, next];
}

function Page() {
  const job = useJob();
  const { view, page } = useView();
  const [zone, nextZone] = useChoice("zone", ["UTC", "local time"]);
  const [theme, nextTheme] = useChoice("theme", ["system", "light", "dark"]);
  const local = zone !== "UTC";
  useLayoutEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const { details } = job;
  const View = VIEWS[view];
  useEffect(() => {
    document.title = details === undefined ? "Tidemark" : `${details.job}, ${details.state}`;
  }, [details?.job, details?.state]);
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the view</a>
    <${Header} ...${{ ...job, local, zone, nextZone, theme, nextTheme }} />
    <${Views} view=${view} />
    <main id="main" tabindex="-1" class=${`view-${view}${job.connected === false ? " away" : ""}`}>
      ${details === undefined ? html`<p class="headline">${waitingFor(job)}</p>` : html`
        ${view !== "now" && html`<h2 class="sr-only">${titled(view)}</h2>`}
        <${Careful} key=${view}>
          <${View} ...${job} local=${local} page=${page} />
          <//>
      `}
    </main>
  `;
}

/** A view that cannot be drawn says so, and the others go on. */
class Careful extends Component {
  /** @override */
  state = { error: undefined };

  /** @override */
  componentDidCatch(error) {
    this.setState({ error });
    // It is a mistake of the page: the browser's console has all of it.
    reportError(error);
  }

  /** @override */
  render({ children }, { error }) {
    return error === undefined ? children : html`<p class="headline">This view cannot be shown: ${error.message}.</p>`;
  }
}

/** Goes to the view without a change of the address, which names the view. */
function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function waitingFor({ connected, refused }) {
  if (refused === 401) return "This page needs its token: open it by the address that was printed.";
  if (refused === 503) return "Too many pages are open. Close one of them.";
  return connected === false ? "The job is not there. The page looks again by itself." : "Looking for the job.";
}

/** @param {string} view */
function titled(view) {
  return view[0].toUpperCase() + view.slice(1);
}

function Header({ details, connected, local, zone, nextZone, theme, nextTheme }) {
  return html`
    <header class="top">
      <img src="/icon.svg" width="30" height="30" alt="" />
      <h1>${details?.job ?? "Tidemark"}</h1>
      ${details !== undefined && html`
        <span class=${`state ${details.state.replace(" ", "-")} ${
          details.failure === undefined ? "" : "failed"
        }`}>${details.failure === undefined ? details.state : "failed"}</span>
      `}
      <p class="line-words" role="status">${lineWords({ details, connected, local })}</p>
      <div class="switches">
        ${details?.worker !== undefined && html`<span class="worker">worker ${details.worker}</span>`}
        <button type="button" class="switch" onClick=${nextZone} aria-label=${`Times in ${zone}. Change`}>${zone}</button>
        <button type="button" class="switch" onClick=${nextTheme} aria-label=${`Colours: ${theme}. Change`}>
          <span aria-hidden="true">◐ </span>${theme}
        </button>
      </div>
    </header>
  `;
}

/** The connection. It changes rarely, so that a screen reader says it once. */
function lineWords({ details, connected, local }) {
  if (connected === false && details !== undefined) {
    return `not connected, as of ${time(details.at, { now: details.at, local })}`;
  }
  return connected === undefined ? "connecting" : connected ? "live" : "not connected";
}

function Views({ view }) {
  const list = useRef(null);
  useEffect(() => {
    const link = list.current.querySelector("[aria-current]");
    // On a phone the views are a row that scrolls. Scrolling the link itself into view would move the page too.
    list.current.scrollLeft = link.offsetLeft - (list.current.clientWidth - link.offsetWidth) / 2;
  }, [view]);
  return html`
    <nav aria-label="Views">
      <ul ref=${list}>
        ${NAMES.map((name) =>
          html`
            <li><a href=${`#/${name}`} aria-current=${name === view ? "page" : undefined}>${titled(name)}</a></li>
          `
        )}
      </ul>
    </nav>
  `;
}

await enter().catch(() => {});
render(html`<${Page} />`, document.getElementById("page"));
