/**
 * A source file for the house rules: its text, and the same text with everything blanked that is not code.
 *
 * Blanking keeps all lines and columns, so a finding can be named by its line. This is no parser, but it recognises
 * comments, strings, templates with code in them, and regular expressions.
 */

export interface Source {
  /** Path from the top of the repository. */
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly uncommented: string;
  /** Without comments and without the contents of strings, templates and regular expressions. */
  readonly code: string;
}

/** Reads a text as a source file. */
export function source(path: string, text: string): Source {
  const spans = scan(text);
  return {
    path,
    text,
    uncommented: blank(text, spans.filter((span) => span.kind === "comment")),
    code: blank(text, spans),
  };
}

/** All TypeScript files below `root`, except those in hidden folders and `node_modules`. */
export function readTree(root: string): Source[] {
  return filesBelow(root, [".ts"]).map(({ path, text }) => source(path, text));
}

/** The scripts and style sheets of pages below `root`, except those in hidden folders and `node_modules`. */
export function readPages(root: string): Pick<Source, "path" | "text">[] {
  return filesBelow(root, [".css", ".js"]);
}

function filesBelow(root: string, endings: readonly string[], below = ""): Pick<Source, "path" | "text">[] {
  const entries = Array.from(Deno.readDirSync(`${root}/${below}`)).sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap(({ name, isDirectory }) => {
    const path = below ? `${below}/${name}` : name;
    if (name.startsWith(".") || name === "node_modules") return [];
    if (isDirectory) return filesBelow(root, endings, path);
    return endings.some((ending) => name.endsWith(ending))
      ? [{ path, text: Deno.readTextFileSync(`${root}/${path}`) }]
      : [];
  });
}

/** The line, counted from 1, that contains `index`. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < index; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

interface Span {
  readonly kind: "comment" | "text";
  readonly start: number;
  readonly end: number;
}

function blank(text: string, spans: readonly Span[]): string {
  let result = "";
  let at = 0;
  for (const { start, end } of spans) {
    result += text.slice(at, start) + text.slice(start, end).replace(/[^\n]/g, " ");
    at = end;
  }
  return result + text.slice(at);
}

/** Finds everything that is not code. The quotes of a string count as code. */
function scan(text: string): Span[] {
  const spans: Span[] = [];
  // For each open template, the number of open braces in the code inside of it.
  const templates: number[] = [];
  let at = 0;
  const take = (kind: Span["kind"], start: number, end: number, next = end) => {
    if (end > start) spans.push({ kind, start, end });
    at = next;
  };
  while (at < text.length) {
    const char = text[at];
    const pair = text.slice(at, at + 2);
    if (pair === "//") take("comment", at, endOr(text, text.indexOf("\n", at)));
    else if (pair === "/*") take("comment", at, endOr(text, text.indexOf("*/", at + 2), 2));
    else if (char === '"' || char === "'") {
      const end = closing(text, at + 1, char);
      take("text", at + 1, end, end + 1);
    } else if (char === "`" || (char === "}" && templates.at(-1) === 0)) {
      if (char === "}") templates.pop();
      const end = templateEnd(text, at + 1);
      const opensCode = text[end] === "$";
      if (opensCode) templates.push(0);
      take("text", at + 1, end, end + (opensCode ? 2 : 1));
    } else if (char === "/" && startsRegExp(text.slice(Math.max(0, at - 40), at))) {
      const end = regExpEnd(text, at + 1);
      take("text", at + 1, end, end + 1);
    } else {
      if (templates.length > 0 && char === "{") templates[templates.length - 1]++;
      if (templates.length > 0 && char === "}") templates[templates.length - 1]--;
      at++;
    }
  }
  return spans;
}

function endOr(text: string, index: number, length = 0): number {
  return index === -1 ? text.length : index + length;
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote || text[at] === "\n") return at;
  }
  return text.length;
}

function templateEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`" || text.startsWith("${", at)) return at;
  }
  return text.length;
}

function regExpEnd(text: string, from: number): number {
  let inClass = false;
  for (let at = from; at < text.length && text[at] !== "\n"; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
    else if (text[at] === "/" && !inClass) return at;
  }
  return from;
}

/** A slash divides after a value; anywhere else it starts a regular expression. */
function startsRegExp(before: string): boolean {
  return /(?:^|[(,=:[!&|?{};+\-*%~^<>\n]|\b(?:return|typeof|case|of|in|do|else|void))[ \t]*$/.test(before);
}
