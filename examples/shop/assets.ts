/**
 * The files of the page. They are part of the program, so serving them needs no permission to read.
 */
import preact from "htm/preact/standalone" with { type: "text" };
import app from "./page/app.js" with { type: "text" };
import away from "./page/art/away.js" with { type: "text" };
import art from "./page/art/art.js" with { type: "text" };
import garden from "./page/art/garden.js" with { type: "text" };
import night from "./page/art/night.js" with { type: "text" };
import paper from "./page/art/paper.js" with { type: "text" };
import play from "./page/art/play.js" with { type: "text" };
import tea from "./page/art/tea.js" with { type: "text" };
import basket from "./page/basket.js" with { type: "text" };
import card from "./page/card.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import lists from "./page/lists.js" with { type: "text" };
import live from "./page/live.js" with { type: "text" };
import motion from "./page/motion.js" with { type: "text" };
import pulse from "./page/pulse.js" with { type: "text" };
import base from "./page/base.css" with { type: "text" };
import listsStyle from "./page/lists.css" with { type: "text" };
import narrow from "./page/narrow.css" with { type: "text" };
import shop from "./page/shop.css" with { type: "text" };
import state from "./page/state.js" with { type: "text" };
import words from "./page/words.js" with { type: "text" };

/** A file that a browser asks for. */
export interface Asset {
  readonly type: string;
  readonly text: string;
}

const TYPES = { css: "text/css", html: "text/html", js: "text/javascript", svg: "image/svg+xml" } as const;

const FILES: Readonly<Record<string, string>> = {
  "app.js": app,
  "art/art.js": art,
  "art/away.js": away,
  "art/garden.js": garden,
  "art/night.js": night,
  "art/paper.js": paper,
  "art/play.js": play,
  "art/tea.js": tea,
  "base.css": base,
  "basket.js": basket,
  "card.js": card,
  "icon.svg": icon,
  "index.html": index,
  "lists.css": listsStyle,
  "lists.js": lists,
  "live.js": live,
  "motion.js": motion,
  "narrow.css": narrow,
  "preact.js": preact,
  "pulse.js": pulse,
  "shop.css": shop,
  "state.js": state,
  "words.js": words,
};

/** The files by their paths on the server. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  Object.entries(FILES).map(([name, text]) => {
    const type = TYPES[name.split(".").at(-1) as keyof typeof TYPES];
    return [name === "index.html" ? "/" : `/${name}`, { type: `${type}; charset=utf-8`, text }];
  }),
);
