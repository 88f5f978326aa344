/**
 * The files of the page. They are part of the program, so serving them needs no permission to read. Every file of the
 * page is named here, and only here.
 *
 * @module
 */
import preact from "htm/preact/standalone" with { type: "text" };
import eventTime from "../pictures/figures/event_time.js" with { type: "text" };
import figureStyle from "../pictures/figures/style.js" with { type: "text" };
import appStyle from "./page/app.css" with { type: "text" };
import app from "./page/app.js" with { type: "text" };
import index from "./page/index.html" with { type: "text" };

/** A file that a browser asks for. */
export interface Asset {
  /** Its media type. */
  readonly type: string;
  /** Its content. */
  readonly text: string;
}

const TYPES = { css: "text/css", html: "text/html", js: "text/javascript", svg: "image/svg+xml" } as const;

const FILES: Readonly<Record<string, string>> = {
  "app.css": appStyle,
  "app.js": app,
  "figures/event_time.js": eventTime,
  "figures/style.js": figureStyle,
  "index.html": index,
  "preact.js": preact,
};

/** The files by their paths on the server. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  Object.entries(FILES).map(([name, text]) => {
    const type = TYPES[name.split(".").at(-1) as keyof typeof TYPES];
    return [name === "index.html" ? "/" : `/${name}`, { type: `${type}; charset=utf-8`, text }];
  }),
);
