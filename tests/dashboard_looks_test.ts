/** How the page looks: a picture of every view of every situation, in light, in dark and on a phone, each accessible. */
import { assertEquals } from "@std/assert";
import { dashboard } from "@tidemark/streams/dashboard";
import { type Browser, findBrowser, startBrowser } from "./support/browser.ts";
import { lookAtAll, LOOKS } from "./support/dashboard/looking.ts";
import { openScene, SCENES } from "./support/dashboard/scenes.ts";

const found = findBrowser();
const ignore = !found.ok;
console.log(
  found.ok ? `Pages are shown by ${found.path}.` : `The tests of the page's looks are ignored: ${found.reason}.`,
);

let browser: Browser;
Deno.test.beforeAll(async () => {
  if (!ignore) browser = await startBrowser();
});
Deno.test.afterAll(async () => {
  if (!ignore) await browser.close();
});

for (const name of SCENES) {
  Deno.test({
    name: `every view of a job (${name}) is accessible in ${LOOKS.join(", ")}`,
    ignore,
    async fn() {
      await using scene = await openScene(name);
      await using page = await dashboard(scene.job, { port: 0, log: () => {} });
      const wrong: string[] = [];
      for await (const { visitor, view, look } of lookAtAll({ browser, url: page.url, name })) {
        const found = [...await visitor.inaccessible(), ...visitor.complaints.splice(0)];
        const fits = await visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth");
        if (!fits) found.push("the page is wider than the screen");
        wrong.push(...found.map((one) => `${view}, ${look}: ${one}`));
      }
      assertEquals(wrong, []);
    },
  });
}
