/** Names of tests must be sentences: what does what, and when. */
import { lineAt, type Source } from "./source.ts";

const FEWEST_WORDS = 3;
/** `Deno.test("...")`, `Deno.test({ name: "..." })`, `it("...")` and `t.step("...")`. */
const NAMED =
  /(?:\bDeno\.test(?:\.ignore|\.only)?|\bit(?:\.ignore|\.skip|\.only)?|\bt\.step)\(\s*(?:\{\s*name:\s*)?(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`)/g;

/** Names that are not sentences. */
export function poorTestNames(files: readonly Source[]): string[] {
  return files.filter(({ path }) => /^tests\/.*_test\.ts$/.test(path)).flatMap(({ path, uncommented, code }) =>
    [...uncommented.matchAll(NAMED)]
      .filter((match) => /^(Deno|it|t)\b/.test(code.slice(match.index)))
      .flatMap((match) => {
        const name = match[1] ?? match[2] ?? match[3];
        const why = weakness(name);
        return why ? [`${path}:${lineAt(uncommented, match.index)} "${name}": ${why}`] : [];
      })
  );
}

function weakness(name: string): string | undefined {
  if (/^\s|\s$/.test(name)) return "a test's name has no space at its ends";
  if (name.split(/\s+/).length < FEWEST_WORDS) return `a test's name is a sentence of ${FEWEST_WORDS} words or more`;
  if (/[.!;:]$/.test(name)) return "a test's name ends without a full stop";
  if (/\bshould\b/.test(name)) return 'a test says what is, not what "should" be';
  if (/^(tests?|checks?|works?)\b/i.test(name)) return "a test's name says what happens, not that it is a test";
  return undefined;
}
