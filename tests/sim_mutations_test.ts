/** Each broken engine of `mutations.ts` can still be made of the engine as it is: whoever moves the lines adapts the patch. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { patched } from "./sim/mutant.ts";
import { MUTATIONS } from "./sim/mutations.ts";

const ROOT = new URL("../", import.meta.url).pathname;

describe("the mutations of the engine", () => {
  for (const { name, edits } of MUTATIONS) {
    it(`finds each text that "${name}" replaces once in its file`, () => {
      const read = (file: string) => {
        try {
          return Deno.readTextFileSync(`${ROOT}${file}`);
        } catch {
          return "";
        }
      };
      assertEquals(patched(edits, read).wrong, []);
    });
  }

  it("gives each mutation a name of its own", () => {
    const names = MUTATIONS.map(({ name }) => name);
    assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
  });
});
