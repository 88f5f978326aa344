/**
 * The page's files without what a browser does not need: comments, indentation, spaces that separate nothing, and long
 * names of what is a module's own. It is made for these files: `tests/dashboard_small_test.ts` compares what each of them
 * means before and after.
 *
 * @module
 */
import { shortNames } from "./names.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** A file, by the ending of its name. */
export function small(name: string, text: string): string {
  if (name.endsWith(".js")) return smallScript(text);
  if (name.endsWith(".css")) return smallStyle(text);
  return text.replace(/\s*\n\s*/g, "\n").trim();
}

/** A module. Each of its statements ends with a semicolon or a brace, as `deno fmt` writes them. */
export function smallScript(source: string): string {
  const tokens = tokensOf(source).filter(({ kind }) => kind !== "apart");
  const names = shortNames(tokens);
  const templates: (Markup | undefined)[] = [];
  let small = "";
  tokens.forEach((token, index) => {
    if (isNeedless(tokens, index)) return;
    const before = tokens[index - 1];
    const text = token.kind === "chunk" ? chunkOf(token.text, before, templates) : names.get(index) ?? token.text;
    small += JOINS.test(small.slice(-1) + text[0]) ? ` ${text}` : text;
  });
  return small;
}

/** Characters that would be read as one token, or as another one, with nothing between them. */
const JOINS = /[\w$\x80-\uffff][\w$#\\\x80-\uffff]|\d\.|\+\+|--|\/[/*]/;

/** Signs that a value may end with. */
const ENDS = new Set(["}", "]", "++", "--"]);

/** A comma behind the last of several, and a semicolon behind the last statement, unless that may be an empty one. */
function isNeedless(tokens: readonly Token[], index: number): boolean {
  const { kind, text } = tokens[index];
  const before = tokens[index - 1], after = tokens[index + 1];
  if (kind !== "sign" || before === undefined || after?.kind !== "sign") return false;
  if (text === ",") return ")]}".includes(after.text) && ![",", "["].includes(before.text);
  if (text !== ";" || after.text !== "}" || before.text === "else") return false;
  return before.kind !== "sign" || ENDS.has(before.text);
}

/** A piece of a template. Only markup for htm becomes smaller: elsewhere each space counts. */
function chunkOf(text: string, before: Token | undefined, templates: (Markup | undefined)[]): string {
  if (text.startsWith("`")) templates.push(before?.text === "html" ? new Markup() : undefined);
  const chunk = templates.at(-1)?.small(text) ?? text;
  if (text.endsWith("`")) templates.pop();
  return chunk;
}

/** The parts of markup: a value of one word in quotes, a sign, or what is between signs. */
const PARTS = /"[\w-]+"|[<>"']|[^<>"']+/g;

/**
 * The markup of one template, piece by piece. In text, htm leaves out space with a line break beside a tag or a value, so
 * it need not be there; in a tag, all space is the same. htm takes a tag that closes for that of the innermost element,
 * whatever its name is, and a value of one word needs no quotes.
 */
class Markup {
  #inTag = false;
  #opened = false;
  #quote = "";

  small(chunk: string): string {
    const [, open, inner, close] = /^(.)([^]*?)(`|\$\{)$/.exec(chunk)!;
    const small = inner.replace(PARTS, (part) => this.#part(part));
    this.#opened = false;
    return open + small + close;
  }

  #part(part: string): string {
    if (this.#quote !== "") {
      if (part === this.#quote) this.#quote = "";
      return part;
    }
    if (!this.#inTag) {
      this.#inTag = this.#opened = part === "<";
      return part.replace(/^\s*\n\s*|\s*\n\s*$/g, "");
    }
    const closes = this.#opened && part.startsWith("/");
    this.#opened = false;
    if (closes) return "/";
    if (part === ">") this.#inTag = false;
    if (part === '"' || part === "'") this.#quote = part;
    if (/^".+"$/.test(part)) return part.slice(1, -1);
    return part.replace(/\s+/g, " ").replace(/ (?=\/?$)/, "");
  }
}

/** A string of a style sheet, or a comment. */
const QUOTED = /("(?:[^"\\]|\\[^])*")|\/\*[^]*?\*\//g;
/** A string, or space with the sign that makes it needless. Before a colon it is not: `a :hover` is what is inside of `a`. */
const SPACED = /("(?:[^"\\]|\\[^])*")|\s*([{};,>])\s*|(:)\s+|\s+/g;

/** A style sheet. */
export function smallStyle(source: string): string {
  const spaced = source.replace(QUOTED, (_found, text = " ") => text).trim();
  return spaced.replace(SPACED, (_found, text, sign, colon) => text ?? sign ?? colon ?? " ").replaceAll(";}", "}");
}
