/** What a source file can say: the texts in it, as they are put together. */
import type { Source } from "./tidy/source.ts";

/** Stands where something is filled in. */
const FILLED_IN = "\0";

/**
 * The code of a file with its texts as they are heard: parts that are added are joined, what is filled into a template is left open, and
 * follows at the end, because there may be texts in it too.
 */
export function spoken({ uncommented }: Source): string {
  const joined = uncommented.replace(/(["'`])\s*\+\s*(?=["'`])["'`]/g, "");
  const { text, filled } = withoutFilling(joined);
  return [text, ...filled].join("\n").replace(/\\(["'`])/g, "$1");
}

/**
 * Whether the texts say that, where `<such words>` stand for what is filled in. A sentence may be put together: of what somebody wanted,
 * which "Cannot" stands before, and of a beginning up to a colon and what stands behind it.
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

/** Where the brace closes that is open at `from`. */
function closing(code: string, from: number): number {
  let open = 1;
  for (let at = from; at < code.length; at++) {
    if (code[at] === "{") open++;
    if (code[at] === "}" && --open === 0) return at;
  }
  return code.length;
}
