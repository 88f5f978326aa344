/** The shop's page in a real browser: what a visitor sees, does and is told. */
import { assert, assertEquals, assertGreater, assertMatch, assertNotEquals } from "@std/assert";
import { CATALOGUE } from "../examples/shop/catalogue.ts";
import { openShop } from "../examples/shop/server.ts";
import { VISITS } from "../examples/shop/visit.ts";
import { FOR_YOU, TRENDING } from "../examples/recommendations/pipeline.ts";
import {
  assertContent,
  type Browser,
  findBrowser,
  type Looks,
  type Page,
  startBrowser,
  Visitor,
} from "./support/browser.ts";
import { type OpenedShop, type ShopFolder, shopFolder, startShop } from "./support/shop/opened.ts";

const found = findBrowser();
const ignore = !found.ok;
console.log(
  found.ok ? `Pages are shown by ${found.path}.` : `The tests of the shop's page are ignored: ${found.reason}.`,
);

let browser: Browser;
let folder: ShopFolder;
let shop: OpenedShop;
Deno.test.beforeAll(async () => {
  if (ignore) return;
  browser = await startBrowser();
  folder = await shopFolder();
  shop = await startShop(folder, ["--dashboard", "0"]);
});
Deno.test.afterAll(async () => {
  if (ignore) return;
  await browser.close();
  await shop[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** A visitor to the shop, when trends have come. */
async function enter(looks?: Looks, address = shop.address): Promise<Visitor> {
  const visitor = await Visitor.at(address, browser, looks);
  await visitor.page.locator(".rank").first().waitFor();
  return visitor;
}

/** The ids of the products in a list, from the top. */
function listed(page: Page, list: ".pick" | ".rank" | ".line"): Promise<string[]> {
  return page.locator(list).evaluateAll((items) => items.map((item) => item.getAttribute("data-id")!));
}

/** Clicks a card's name, and waits until its list is there: the number of clicks that were answered. */
async function look(page: Page, name: string): Promise<void> {
  await page.getByRole("list").getByRole("button", { name, exact: true, expanded: false }).click();
}

/** Waits until so many clicks have been answered. */
async function answered(page: Page, clicks: number): Promise<void> {
  await page.locator(".pulse-past").getByText(clicks === 1 ? "one click" : `${clicks} clicks`).waitFor({
    state: "attached",
  });
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore, fn });
}

test("a click changes the list, which says why and how long that took", async () => {
  await using visitor = await enter();
  const { page } = visitor;
  await page.getByText("Click on something.").waitFor();
  assertEquals(await listed(page, ".pick"), []);

  await look(page, "Pocket Telescope");
  await answered(page, 1);
  await page.getByText("from your click to this list").waitFor();
  assertMatch(await page.locator(".pulse-time").innerText(), /^(under 1|[\d,]+) ms$/);
  const first = await listed(page, ".pick");
  assertGreater(first.length, 3);
  assert(!first.includes("telescope"));
  await page.locator(".pick").getByText("because you looked at Pocket Telescope").first().waitFor();

  await look(page, "Fern in a Blue Pot");
  await answered(page, 2);
  assertNotEquals(await listed(page, ".pick"), first);
  await page.locator(".pick").getByText("because you looked at Fern in a Blue Pot").first().waitFor();
  assertMatch(await page.getByRole("status").first().innerText(), /^New in your list: .+, because you looked at .+\.$/);
  assertContent(visitor);
});

test("a basket and its list are there after a reload and after the process was killed", async () => {
  await using own = await shopFolder();
  await using first = await startShop(own);
  await using visitor = await enter({}, first.address);
  const { page } = visitor;
  await page.getByRole("button", { name: "Add Moon Lamp to the basket" }).first().click();
  await answered(page, 1);
  await look(page, "Cloud Mug");
  await answered(page, 2);
  const before = await seen(page);
  assertEquals(before.basket, ["moon-lamp"]);
  assertGreater(before.picks.length, 3);

  await reload(page);
  assertEquals(await seen(page), before);
  assertContent(visitor);

  first.program.kill("SIGKILL");
  await first.program.ended();
  await page.getByText("The shop is closed just now.").waitFor();
  await using _second = await startShop(own, ["--port", new URL(first.address).port]);
  await page.getByText("The shop is closed just now.").waitFor({ state: "detached" });
  assertEquals(await seen(page), before);
  visitor.complaints.length = 0; // That the shop was away is an error of the console.

  await reload(page);
  assertEquals(await seen(page), before);
  await page.getByRole("button", { name: "Add Moon Lamp to the basket" }).first().click();
  await answered(page, 1);
  await page.getByRole("button", { name: "Basket 2" }).click();
  await page.getByRole("button", { name: "Buy" }).click();
  await page.getByText("Thank you. 2 things would now be on the way to you.").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Basket 0" }).waitFor();
  assert(!(await listed(page, ".pick")).includes("moon-lamp"));
  assertContent(visitor);
});

test("two shoppers have lists of their own, and two pages of one shopper have the same", async () => {
  await using ada = await enter();
  await using bob = await enter();
  await look(ada.page, "Ukulele, in Tune");
  await answered(ada.page, 1);
  await ada.page.locator(".pick").getByText("because you looked at Ukulele, in Tune").first().waitFor();
  assertEquals(await listed(bob.page, ".pick"), []);

  const again = await ada.another(shop.address);
  await again.page.locator(".pick").first().waitFor();
  assertEquals(await listed(again.page, ".pick"), await listed(ada.page, ".pick"));
  await look(again.page, "Kite, Easily Pleased");
  await answered(again.page, 1);
  await ada.page.locator(".pick").getByText("because you looked at Kite, Easily Pleased").first().waitFor();
  assertEquals(await listed(again.page, ".pick"), await listed(ada.page, ".pick"));
  assertContent(ada, bob, again);
});

test("a link leads to the page of the shop's job", async () => {
  await using visitor = await enter();
  const { page } = visitor;
  assertContent(visitor);
  await page.getByRole("link", { name: "a page of its own" }).press("Enter");
  await page.getByRole("heading", { level: 1, name: "shop", exact: true }).waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  const { origin } = new URL(page.url());
  assertNotEquals(`${origin}/`, shop.address);
  // The page of the job asks its own server, and nobody else.
  assertEquals(visitor.complaints.filter((one) => !one.startsWith(`asked ${origin}/`)), []);
});

test("a visitor may shop as somebody else, and the address says so", async () => {
  await using visitor = await enter();
  const { page } = visitor;
  await page.getByLabel("Shopping as").selectOption({ label: "Ada, who looks at the stars" });
  await page.getByRole("heading", { name: "For Ada" }).waitFor();
  await page.locator(".pick").first().waitFor();
  const hers = await listed(page, ".pick");
  assertEquals(new URL(page.url()).search, "?as=ada");
  await page.reload();
  await page.locator(".pick").first().waitFor();
  assertEquals(await listed(page, ".pick"), hers);
  await page.getByLabel("Shopping as").selectOption({ label: "yourself" });
  await page.getByText("Click on something.").waitFor();
  assertEquals(await listed(page, ".pick"), []);
  assertEquals(new URL(page.url()).search, "");
  assertContent(visitor);

  await using stranger = await enter({}, `${shop.address}?as=%3Cb%3E`);
  await stranger.page.getByRole("heading", { name: "For you" }).waitFor();
  assertContent(stranger);
});

test("everything is done by keyboard alone, and the focus is never lost", async () => {
  await using visitor = await enter();
  const { page } = visitor;
  const focused = () =>
    page.evaluate<string>("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText");
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("Tab");
  assertEquals(await focused(), "Skip to your list");
  assertEquals(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");

  await page.getByRole("button", { name: "Everything" }).focus();
  await press("Tab", "Tab", "Enter");
  const shelf = await page.locator(".card").evaluateAll((cards) => cards.map((card) => card.getAttribute("data-id")));
  assertEquals(shelf, CATALOGUE.products.filter(({ category }) => category === "night").map(({ id }) => id));

  const first = page.locator(".card .face").first();
  await first.focus();
  await press("Enter");
  assertEquals(await first.getAttribute("aria-expanded"), "true");
  await answered(page, 1);
  assertMatch(await focused(), /^Moon Lamp/);
  await press("Tab");
  assertEquals(await focused(), "Add to basket");
  await press("Enter");
  await answered(page, 2);

  // What is looked at leaves the list, so the focus goes along to the product.
  const pick = page.locator(".pick .face").first();
  const name = await pick.locator(".name").innerText();
  await pick.focus();
  await press("Enter");
  await answered(page, 3);
  assertMatch(await focused(), new RegExp(`^${name}`));

  await page.locator(".pick .plus").first().focus();
  await press("Enter");
  await answered(page, 4);
  assertMatch(await focused(), /^Add .+ to the basket$/);

  await page.getByRole("button", { name: "Basket 2" }).focus();
  await press("Enter");
  const remove = page.getByRole("button", { name: "Remove Moon Lamp" });
  await remove.focus();
  await press("Enter");
  await answered(page, 5);
  assertMatch(await focused(), /^Remove /);
  await press("Enter");
  await answered(page, 6);
  assertEquals(await focused(), "Close");
  await press("Escape");
  assertMatch(await focused(), /^Basket\s+0/);
  assertContent(visitor);
});

for (
  const [name, looks] of [
    ["in light", { colorScheme: "light" }],
    ["in dark", { colorScheme: "dark" }],
    ["on a phone", { width: 390, height: 844 }],
    ["on a tablet, standing still", { width: 820, height: 1180, still: true }],
  ] satisfies [string, Looks][]
) {
  test(`the page is accessible and has its picture ${name}`, async () => {
    await using visitor = await enter(looks);
    const { page } = visitor;
    const file = `shop-${name.replaceAll(/\W+/g, "-")}`;
    await page.getByRole("button", { name: "Add Candle, Rain on Stone to the basket" }).first().click();
    await look(page, "Tin of Smoky Tea");
    await answered(page, 2);
    await settled(page);
    await visitor.picture(file);
    await visitor.picture(`${file}-whole`, { fullPage: true });
    assertEquals(await visitor.inaccessible(), []);
    assertEquals(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    await page.getByRole("button", { name: "Basket 1" }).click();
    await page.getByRole("button", { name: "Buy" }).waitFor();
    await settled(page);
    await visitor.picture(`${file}-basket`);
    assertEquals(await visitor.inaccessible(), []);
    assertContent(visitor);
  });
}

test("names that look like HTML are shown as they are, and rows of things that are not sold are left out", async () => {
  const hostile = `<img src=x onerror="document.title='gotcha'"><script>document.title='gotcha'</script>`;
  using kv = await Deno.openKv(":memory:");
  const product = { id: "constructor", name: hostile, category: "tea", cents: 1, about: hostile };
  const catalogue = { categories: [{ id: "tea", name: hostile }], products: [product, { ...product, id: "cup" }] };
  await using stall = openShop({
    kv,
    catalogue,
    regulars: [{ id: "ada", name: hostile, mood: "writes letters" }],
    append: () => Promise.resolve(),
    port: 0,
  });
  const rows = ["cup", hostile, "__proto__"].map((product_id) => ({ product_id, score: 1, because: "constructor" }));
  await kv.set([...TRENDING, "all"], { products: rows });
  await kv.set([...FOR_YOU, "ada"], { user_id: "ada", event_count: 1, recommendations: rows });
  await kv.set([...VISITS, "ada"], { events: 1, basket: { cup: 1, [hostile]: 2 }, clicks: [[hostile, 1]] });
  await using visitor = await Visitor.at(`${stall.address}?as=ada`, browser);
  const { page } = visitor;
  await page.locator(".pick").waitFor();
  assertEquals([await listed(page, ".pick"), await listed(page, ".rank")], [["cup"], ["cup"]]);
  assertEquals(await page.locator(".because").innerText(), `because you looked at ${hostile}`);
  await page.getByRole("button", { name: "Basket 1" }).click();
  assertEquals(await listed(page, ".line"), ["cup"]);
  assertEquals(await page.title(), "Moss & Comet");
  assertEquals(await page.locator("main img, main script").count(), 0);
  assertContent(visitor);
});

interface Seen {
  readonly picks: string[];
  readonly whys: string[];
  readonly basket: string[];
}

/** The lists that change with the visitor's clicks alone, as they are shown. What trends changes with time. */
async function seen(page: Page): Promise<Seen> {
  const [picks, basket] = [await listed(page, ".pick"), await listed(page, ".line")];
  return { picks, basket, whys: await page.locator(".because").allInnerTexts() };
}

/** Loads the page of a shopper who has a list and something in the basket. */
async function reload(page: Page): Promise<void> {
  await page.reload();
  await page.locator(".pick").first().waitFor();
  await page.locator(".line").first().waitFor({ state: "attached" });
}

/** Waits until nothing moves any more. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    "Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))).then(() => null)",
  );
}
