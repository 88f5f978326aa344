/** The command line on a running job: it asks the page of the worker. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { dashboard } from "@tidemark/streams/dashboard";
import { systemClock } from "../base/clock.ts";
import { WorkerEntry } from "../runtime/worker_entry.ts";
import { KvStore } from "../state/mod.ts";
import { scratch, untilCommitted } from "./support/jobs.ts";
import { command, documentOf, makeVisits, startVisits, stoppedVisits } from "./support/terminal.ts";

const TOKEN = "a-token-of-many-letters";

/** A running job with a page, and the flags that name it. */
async function running(token?: string) {
  const folder = await scratch();
  const state = folder.path("state.db");
  await makeVisits(state);
  const started = await startVisits(state);
  await untilCommitted(started.job, 6);
  const page = await dashboard(started.job, { port: 0, log: () => {}, ...(token === undefined ? {} : { token }) });
  return {
    ...{ page, state, job: started.job, log: started.log },
    async [Symbol.asyncDispose]() {
      await page[Symbol.asyncDispose]();
      await started[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("the command line on a running job with a page", () => {
  it("inspects, watches and explains the job live, without its state", async () => {
    await using world = await running();
    const at = ["--page", world.page.url];
    interface Inspected {
      readonly from: string;
      readonly state: string;
      readonly offsets: { readonly position: number; readonly end: number; readonly lag: number }[];
      readonly states: { readonly name: string; readonly keys: number }[];
    }
    const { from, state, offsets, states } = await documentOf<Inspected>(["inspect", "shop", ...at]);
    assertEquals(from, "page");
    assert(["running", "waiting", "catching up"].includes(state), state);
    assertEquals(offsets.map(({ position, end, lag }) => [position, end, lag]), [[3, 3, 0], [3, 3, 0]]);
    assertEquals(states.find(({ name }) => name === "totals")?.keys, 3);
    interface Why {
      readonly explanations: { readonly stage: string; readonly reason: string }[];
    }
    const { explanations } = await documentOf<Why>(["why", "shop", "activity", ...at]);
    // The words of the job itself; only the times in them pass.
    const own = await world.job.explain("activity");
    assertEquals(
      explanations.map(({ stage, reason }) => [stage, reason]),
      own.map(({ stage, reason }) => [stage, reason]),
    );
    assertEquals(own.length, 2);
    const watched = await command(["watch", "shop", "--limit", "1", ...at]);
    assertMatch(watched.out, /^\d{4}-\d\d-.* · 6 in \(\d+\/s\) · 8 out · lag 0 · /);
  });

  it("finds the page by itself, reports what the worker knows, and looks up a key in its memory", async () => {
    await using world = await running();
    const at = ["--state", world.state];
    assertEquals((await documentOf<{ from: string }>(["inspect", "shop", ...at])).from, "page");
    assertEquals((await documentOf<{ from: string }[]>(["jobs", ...at])).map(({ from }) => from), ["page"]);
    const report = await command(["report", "shop", ...at]);
    assertEquals([report.code, report.err], [0, ""]);
    assertMatch(report.out, /\nMade \S+ from the page\.\n/);
    for (const word of ["ada", "bob"]) assert(!report.out.includes(word), word);
    const ada = await command(["state", "shop", "totals", "ada", ...at, "--page", world.page.url]);
    assertEquals([ada.out, ada.err], ["2\n", ""]);
    const nobody = await command(["state", "shop", "totals", "nobody", ...at, "--page", world.page.url]);
    assertEquals([nobody.code, nobody.err], [1, "State totals of job shop has no value for the key nobody\n"]);
  });

  it("says that the page of a worker that has died does not answer, and goes on with the state", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const store = await KvStore.open(state, systemClock);
    const entry = new WorkerEntry({ job: "shop", store, clock: systemClock, worker: "dead", id: "dead" });
    await entry.announce("http://127.0.0.1:1/");
    store.close();
    const { code, out, err } = await command(["inspect", "shop", "--state", state, "--json"]);
    assertEquals([code, JSON.parse(out).from], [0, "state"]);
    assertMatch(
      err,
      /^The page at http:\/\/127\.0\.0\.1:1\/ does not answer: .*\. What follows is from the state.*\n$/,
    );
  });

  it("takes the token from the address or from its flag, and asks for it without one", async () => {
    await using world = await running(TOKEN);
    const inspect = async (...flags: string[]) => await command(["inspect", "shop", ...flags]);
    assertEquals((await inspect("--page", `${world.page.url}#token=${TOKEN}`)).code, 0);
    assertEquals((await inspect("--page", world.page.url, "--token", TOKEN)).code, 0);
    const without = await inspect("--page", world.page.url);
    assertEquals(without.code, 2);
    assertStringIncludes(without.err, "wants its token: give it with --token");
  });

  it("refuses the page of another job, an address that is none, and a page that is away", async () => {
    await using world = await running();
    const other = await command(["inspect", "bank", "--page", world.page.url]);
    assertEquals(other.code, 2);
    assertStringIncludes(other.err, "is that of job shop, not of bank");
    assertEquals((await command(["inspect", "shop", "--page", "8321"])).code, 2);
    await world.page[Symbol.asyncDispose]();
    const away = await command(["inspect", "shop", "--page", world.page.url]);
    assertEquals([away.code, away.out], [1, ""]);
    assertStringIncludes(away.err, "does not answer");
  });
});
