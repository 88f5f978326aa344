/**
 * The files of the page. They are part of the program, so serving them needs no permission to read. Every file of the
 * page is named here, and only here. Here they are as they are written; they are served small.
 *
 * @module
 */
import preact from "htm/preact/standalone" with { type: "text" };
import words from "../base/words.js" with { type: "text" };
import marks from "../pictures/figures/marks.js" with { type: "text" };
import appStyle from "./page/app.css" with { type: "text" };
import app from "./page/app.js" with { type: "text" };
import baseStyle from "./page/base.css" with { type: "text" };
import figuresStyle from "./page/figures.css" with { type: "text" };
import figuresEpochs from "./page/figures/epochs.js" with { type: "text" };
import figuresLine from "./page/figures/line.js" with { type: "text" };
import figuresPipeline from "./page/figures/pipeline.js" with { type: "text" };
import figuresShares from "./page/figures/shares.js" with { type: "text" };
import figuresTide from "./page/figures/tide.js" with { type: "text" };
import formsStyle from "./page/forms.css" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import graphsStyle from "./page/graphs.css" with { type: "text" };
import history from "./page/history.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import live from "./page/live.js" with { type: "text" };
import narrowStyle from "./page/narrow.css" with { type: "text" };
import pages from "./page/pages.js" with { type: "text" };
import partsStyle from "./page/parts.css" with { type: "text" };
import parts from "./page/parts.js" with { type: "text" };
import sentences from "./page/sentences.js" with { type: "text" };
import tideStyle from "./page/tide.css" with { type: "text" };
import tideScene from "./page/tide_scene.js" with { type: "text" };
import viewsDeadLetters from "./page/views/dead_letters.js" with { type: "text" };
import viewsEpochs from "./page/views/epochs.js" with { type: "text" };
import viewsEvents from "./page/views/events.js" with { type: "text" };
import viewsNow from "./page/views/now.js" with { type: "text" };
import viewsPipeline from "./page/views/pipeline.js" with { type: "text" };
import viewsRecords from "./page/views/records.js" with { type: "text" };
import viewsState from "./page/views/state.js" with { type: "text" };
import viewsTasks from "./page/views/tasks.js" with { type: "text" };
import viewsTime from "./page/views/time.js" with { type: "text" };
import { small } from "./small.ts";

/** A file that a browser asks for. */
export interface Asset {
  /** Its media type. */
  readonly type: string;
  /** Its content as it is written. */
  readonly source: string;
  /** Its content as it is served. */
  readonly text: string;
}

const TYPES = { css: "text/css", html: "text/html", js: "text/javascript", svg: "image/svg+xml" } as const;

const FILES: Readonly<Record<string, string>> = {
  "app.css": appStyle,
  "app.js": app,
  "base.css": baseStyle,
  "figures.css": figuresStyle,
  "figures/epochs.js": figuresEpochs,
  "figures/line.js": figuresLine,
  "figures/pipeline.js": figuresPipeline,
  "figures/shares.js": figuresShares,
  "figures/tide.js": figuresTide,
  "forms.css": formsStyle,
  "format.js": format,
  "graphs.css": graphsStyle,
  "history.js": history,
  "icon.svg": icon,
  "index.html": index,
  "live.js": live,
  "narrow.css": narrowStyle,
  "pages.js": pages,
  "parts.css": partsStyle,
  "parts.js": parts,
  "base/words.js": words,
  "pictures/figures/marks.js": marks,
  "preact.js": preact,
  "sentences.js": sentences,
  "tide.css": tideStyle,
  "tide_scene.js": tideScene,
  "views/dead_letters.js": viewsDeadLetters,
  "views/epochs.js": viewsEpochs,
  "views/events.js": viewsEvents,
  "views/now.js": viewsNow,
  "views/pipeline.js": viewsPipeline,
  "views/records.js": viewsRecords,
  "views/state.js": viewsState,
  "views/tasks.js": viewsTasks,
  "views/time.js": viewsTime,
};

/** A file of the page. It is made small when it is asked for first; the library comes small. */
class PageFile implements Asset {
  readonly type: string;
  #small: string | undefined;

  constructor(private readonly name: string, readonly source: string) {
    this.type = `${TYPES[name.split(".").at(-1) as keyof typeof TYPES]}; charset=utf-8`;
  }

  get text(): string {
    return this.#small ??= this.name === "preact.js" ? this.source : small(this.name, this.source);
  }
}

/** The files by their paths on the server. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  Object.entries(FILES).map(([name, source]) => [pathOf(name), new PageFile(name, source)]),
);

function pathOf(name: string): string {
  return name === "index.html" ? "/" : `/${name}`;
}
