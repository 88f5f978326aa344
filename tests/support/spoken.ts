/** The messages that a source file can produce: its string literals, joined as the code joins them. */
import type { Source } from "./tidy/source.ts";

/** Replaces an inserted value. */
const FILLED_IN = "\0";

/**
 * The code of a file with its literals joined: concatenated literals become one, and a value in a template becomes a
 * placeholder. The code of such values follows at the end, since it may contain literals too.
 */
export function spoken({ uncommented }: Source): string {
  const joined = uncommented.replace(/(["'`])\s*\+\s*(?=["'`])["'`]/g, "");
  const { text, filled } = withoutFilling(joined);
  return [text, ...filled].join("\n").replace(/\\(["'`])/g, "$1");
}

/**
 * Whether the literals can produce this message, in which `<such words>` stand for inserted values. A message may have
 * several parts: "Cannot" and what was tried, a beginning up to a colon, and the rest.
 */
export function says(texts: readonly string[], quote: string): boolean {
  const wanted = quote.replace(/<[^<>]+>/g, FILLED_IN);
  const said = (part: string) => texts.some((text) => text.includes(part));
  if (said(wanted) || (wanted.startsWith("Cannot ") && said(wanted.slice("Cannot ".length)))) return true;
  const colon = wanted.indexOf(": ");
  return colon !== -1 && said(wanted.slice(0, colon + 1)) && said(`${FILLED_IN}${wanted.slice(colon + 1)}`);
}

function withoutFilling(code: string): { text: string; filled: string[] } {
  const filled: string[] = [];
  let text = "";
  let at = 0;
  for (;;) {
    const begin = code.indexOf("${", at);
    if (begin === -1) return { text: text + code.slice(at), filled };
    const end = closing(code, begin + 2);
    text += code.slice(at, begin) + FILLED_IN;
    const inner = withoutFilling(code.slice(begin + 2, end));
    filled.push(inner.text, ...inner.filled);
    at = end + 1;
  }
}

/** The index of the brace that closes the one open at `from`. */
function closing(code: string, from: number): number {
  let open = 1;
  for (let at = from; at < code.length; at++) {
    if (code[at] === "{") open++;
    if (code[at] === "}" && --open === 0) return at;
  }
  return code.length;
}
