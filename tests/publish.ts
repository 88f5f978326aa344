/**
 * `deno task publish`: publishes the package from a copy in which the page's files are string literals. Arguments go to
 * `deno publish`, such as `--dry-run`.
 */
import { copyTwin } from "./support/run/twin.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-publish-" });
  try {
    await copyTwin(folder);
    // The copy is no repository, so there is nothing in it that could be dirty.
    const command = new Deno.Command(Deno.execPath(), { args: ["publish", "--allow-dirty", ...args], cwd: folder });
    return (await command.spawn().status).code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
