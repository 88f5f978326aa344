/** A project of a user who has installed the package, outside of this repository. */
import { assertEquals } from "@std/assert";
import { manifest } from "./run/manifest.ts";

/**
 * Makes the user's project, and runs Deno in it.
 *
 * @param root the folder that stands for the published package: everything goes by its name, version and exports
 */
export async function inProject(
  root: string,
  program: string,
  work: (deno: (...args: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-consumer-" });
  const config = {
    imports: { "@tidemark/streams": `jsr:@tidemark/streams@^${(await manifest()).version}`, "rxjs": "npm:rxjs@^7.8" },
    unstable: ["kv"],
    links: [root],
    nodeModulesDir: "none",
    lock: false,
  };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  await Deno.writeTextFile(`${folder}/main.ts`, program);
  try {
    await work(async (...args) => {
      const command = new Deno.Command(Deno.execPath(), { args, cwd: folder, stdin: "null", env: { NO_COLOR: "1" } });
      const { code, stdout, stderr } = await command.output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
