/**
 * Takes a picture of every view of the page, in light, in dark and on a phone, on a busy job, a quiet one, one that waits
 * for a partition, one that waits for its broker, and one that has died: into `.tidemark/screenshots/`.
 *
 * `deno run -A --no-lock tests/screenshots/main.ts [SECONDS]`: for how long the pages are open before, 60 unless told.
 */
import { dashboard } from "@tidemark/streams/dashboard";
import { startBrowser } from "../support/browser.ts";
import { lookAtAll } from "../support/dashboard/looking.ts";
import { openScene, SCENES } from "../support/dashboard/scenes.ts";

const seconds = Number(Deno.args[0] ?? 60);
const browser = await startBrowser();
await Promise.all(SCENES.map(async (name) => {
  await using scene = await openScene(name);
  await using page = await dashboard(scene.job, { port: 0, log: () => {} });
  let pictures = 0;
  for await (const { visitor } of lookAtAll({ browser, url: page.url, name, open: seconds * 1000 })) {
    pictures++;
    for (const complaint of visitor.complaints.splice(0)) console.error(`${name}: ${complaint}`);
  }
  console.log(`${name}: ${pictures} pictures`);
}));
await browser.close();
