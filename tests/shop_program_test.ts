/** The program of `deno task shop` as a process: how it ends, what it refuses, and what it keeps. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runShop, shopFolder, startShop } from "./support/shop/opened.ts";

Deno.test("the shop says where it is, and Ctrl+C closes it in order", async () => {
  await using folder = await shopFolder();
  await using shop = await startShop(folder, ["--rate", "50"]);
  assertMatch(shop.address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  // A page that listens does not hold it up.
  const listening = await fetch(`${shop.address}api/stream?shopper=ada`);
  shop.program.kill("SIGINT");
  const { code, stdout } = await shop.program.ended();
  await listening.text();
  assertEquals([code, stdout], [0, [
    `The shop is open at ${shop.address}. Ctrl+C closes it.`,
    "The shop is closed. Its lists are kept.",
  ]]);
});

Deno.test("the shop says where the page of its job is, and gives its own page a link to it; off is none", async () => {
  await using folder = await shopFolder();
  const linkOf = async (address: string) => (await (await fetch(`${address}api/shop`)).json()).jobPage;
  {
    await using shop = await startShop(folder, ["--dashboard", "0"]);
    const line = await shop.program.says(/^Job shop: its page is at /);
    assertEquals(await linkOf(shop.address), /http:\S+/.exec(line)![0]);
  }
  await using shop = await startShop(folder, ["--dashboard", "off"]);
  assertEquals(await linkOf(shop.address), undefined);
  const wrong = await runShop(folder, ["--dashboard", "on"]);
  assertEquals([wrong.code, wrong.stderr[0]], [
    2,
    '--dashboard must be a port from 0 to 65535, or off, current value is "on".',
  ]);
});

Deno.test("a second shop is told who has the state, and one on a taken port which flag to give", async () => {
  await using folder = await shopFolder();
  await using shop = await startShop(folder);
  const second = await runShop(folder, ["--port", "0"]);
  assertEquals([second.code, second.stdout], [1, []]);
  assertStringIncludes(second.stderr.at(-1)!, `process ${shop.program.pid}, which runs the job "shop"`);

  await using other = await shopFolder();
  const { port } = new URL(shop.address);
  const taken = await runShop(other, ["--port", port]);
  assertEquals([taken.code, taken.stdout], [1, []]);
  assertEquals(
    taken.stderr.at(-1),
    `Port ${port} is taken: give another one with --port, or 0 for any that is free.`,
  );
});

Deno.test("an unknown flag is a sentence and nothing is opened", async () => {
  await using folder = await shopFolder();
  const { code, stdout, stderr } = await runShop(folder, ["--prot", "1"]);
  assertEquals([code, stdout, stderr], [2, [], ["There is no flag --prot.", "--help lists all flags."]]);
  const help = await runShop(folder, ["--help"]);
  assertEquals([help.code, help.stderr], [0, []]);
  assertMatch(help.stdout.join("\n"), /--port N .*\n.*--rate R/);
  assertEquals(await Array.fromAsync(Deno.readDir(folder.cwd)), []);
});
