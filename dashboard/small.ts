/**
 * The page's files without what a browser does not need: comments, indentation, and spaces that separate nothing. Names
 * and words stay, so errors and the browser's tools show them as they are written.
 *
 * @module
 */
import { shortNames } from "./names.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** A line break before these signs ends no statement. */
const GO_ON = new Set([..."}]),;:?.=*%<>&|^", "=>", "?."]);
/** A statement may end with these signs. */
const ENDS = new Set(["}", "]", ")", "++", "--"]);

/** A file, by the ending of its name. */
export function small(name: string, text: string): string {
  if (name.endsWith(".js")) return smallScript(text);
  if (name.endsWith(".css")) return smallStyle(text);
  return text.replace(/\s*\n\s*/g, "\n").trim();
}

/** A module. A line break stays where it may end a statement. */
export function smallScript(source: string): string {
  const all = tokensOf(source);
  const tokens = all.filter(({ kind }) => kind !== "apart");
  const names = shortNames(tokens);
  const kept: string[] = [];
  const templates: (Markup | undefined)[] = [];
  let before: Token | undefined, apart = "", index = -1;
  for (const token of all) {
    if (token.kind === "apart") {
      apart = token.text;
      continue;
    }
    index++;
    if (isNeedless(tokens, index)) continue;
    if (apart !== "" && before !== undefined) kept.push(between(before, token, apart.includes("\n")));
    kept.push(token.kind === "chunk" ? chunkOf(token.text, before, templates) : names.get(index) ?? token.text);
    [before, apart] = [token, ""];
  }
  return kept.join("");
}

/** A comma behind the last of several, and a semicolon behind the last statement, unless that may be an empty one. */
function isNeedless(tokens: readonly Token[], index: number): boolean {
  const { kind, text } = tokens[index];
  const before = tokens[index - 1], after = tokens[index + 1];
  if (kind !== "sign" || before === undefined || after?.kind !== "sign") return false;
  if (text === ",") return ")]}".includes(after.text) && ![",", "["].includes(before.text);
  return text === ";" && after.text === "}" && before.text !== ")" &&
    (before.kind !== "sign" || ENDS.has(before.text)) &&
    before.text !== "else";
}

/** What must be between two tokens that are apart. */
function between(before: Token, after: Token, broken: boolean): string {
  const opens = before.kind === "sign" ? !ENDS.has(before.text) : before.kind === "chunk" && before.text.endsWith("{");
  const goesOn = after.kind === "sign" ? GO_ON.has(after.text) : after.kind === "chunk" && after.text.startsWith("}");
  if (broken && !opens && !goesOn) return "\n";
  const pair = before.text.at(-1)! + after.text[0];
  return /[\w$\x80-\uffff][\w$#\\\x80-\uffff]|\d\.|\+\+|--|\/[/*]/.test(pair) ? " " : "";
}

/** A piece of a template. Only markup for htm becomes smaller: elsewhere each space counts. */
function chunkOf(text: string, before: Token | undefined, templates: (Markup | undefined)[]): string {
  if (text.startsWith("`")) templates.push(before?.text === "html" ? new Markup() : undefined);
  const chunk = templates.at(-1)?.small(text) ?? text;
  if (text.endsWith("`")) templates.pop();
  return chunk;
}

/**
 * The markup of one template, piece by piece. In text, htm leaves out space with a line break beside a tag or a value, so
 * it need not be there; in a tag, all space is the same.
 */
class Markup {
  #inTag = false;
  #quote = "";

  small(chunk: string): string {
    const [, open, inner, close] = /^(.)([^]*?)(`|\$\{)$/.exec(chunk)!;
    return open + inner.replace(/[<>"']|[^<>"']+/g, (part) => this.#part(part)) + close;
  }

  #part(part: string): string {
    if (this.#quote !== "") {
      if (part === this.#quote) this.#quote = "";
      return part;
    }
    if (!this.#inTag) {
      this.#inTag = part === "<";
      return part.replace(/^\s*\n\s*|\s*\n\s*$/g, "");
    }
    if (part === ">") this.#inTag = false;
    if (part === '"' || part === "'") this.#quote = part;
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
