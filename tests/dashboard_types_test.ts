/** The page is plain JavaScript. Its types are those of its comments, and they are checked. */
import { assert } from "@std/assert";

Deno.test("the page's modules have no error of types, with the browser's types and those of their comments", async () => {
  // Imports of a configuration hold for its own folder, so it is at the top, under a name that git ignores.
  const config = ".deno.test.json.page.json";
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      compilerOptions: {
        ...{ checkJs: true, strict: true, noImplicitAny: false, strictNullChecks: false },
        ...{ useUnknownInCatchVariables: false, lib: ["dom", "dom.iterable", "esnext"] },
      },
      imports: {
        ...JSON.parse(await Deno.readTextFile("deno.json")).imports,
        "htm/preact/standalone": "./tests/support/dashboard/preact.d.ts",
      },
      ...{ unstable: ["kv"], lock: false },
    }),
  );
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--config", config, "dashboard/page/app.js"],
      env: { NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(config);
  }
});
