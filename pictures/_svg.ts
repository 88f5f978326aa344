/**
 * Makes figures as text.
 *
 * @module
 */
import { eventTimeFigure } from "./figures/event_time.js";
import type { Scene } from "./figures/scene.ts";
import { style } from "./figures/style.js";
import { safe } from "./_words.ts";

/** An element as text, which needs no escaping any more. */
export class Markup {
  constructor(readonly text: string) {}
}

/** Makes an element. Strings among its children are text. */
export function markup(
  tag: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly (Markup | string)[]
): Markup {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const content = children.map((child) => child instanceof Markup ? child.text : escaped(child)).join("");
  const head = `${tag}${given.join("")}`;
  return new Markup(content === "" ? `<${head}/>` : `<${head}>${content}</${tag}>`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as the content of an element or an attribute. */
export function escaped(text: string): string {
  return safe(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Draws a scene as a document of its own. */
export function drawn(scene: Scene): string {
  return drawnBy((h) => eventTimeFigure(h, scene));
}

/** Draws a figure as a document of its own. `more` is what it needs besides the common style sheet. */
export function drawnBy(figure: (h: typeof markup) => Markup, more = ""): string {
  const { text } = figure(markup);
  // The style sheet stands before the first element that is seen. Each element has a line, so that changes can be read.
  return `${text.replace("</desc>", `</desc><style>\n${style}\n${more}</style>`).replaceAll(/></g, ">\n<")}\n`;
}
