/** The names of all tests, as the test modules spell them. */

const NAMED =
  /(?:\bDeno\.test(?:\.ignore)?|\bit|\bt\.step)\(\s*(?:\{\s*name:\s*)?(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;

/** A pattern for each name. What a template fills in may be anything, or nothing. */
export async function testNames(): Promise<RegExp[]> {
  const found: RegExp[] = [];
  for await (const { name } of Deno.readDir("tests")) {
    if (/_(test|contract)\.ts$/.test(name)) found.push(...namesIn(await Deno.readTextFile(`tests/${name}`)));
  }
  for await (const { name } of Deno.readDir("tests/sim")) {
    if (name.endsWith("_test.ts")) found.push(...namesIn(await Deno.readTextFile(`tests/sim/${name}`)));
  }
  return found;
}

function namesIn(text: string): RegExp[] {
  return [...text.matchAll(NAMED)].map(([, plain, template]) => {
    const parts = (plain ?? template).split(/\$\{[^}]*\}/);
    return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join(".*")}$`);
  });
}
