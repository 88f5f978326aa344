/** The notebooks of the examples: every cell runs by Deno's kernel, and shows what its text says. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { execute, type Executed, type Output } from "./support/notebooks/notebooks.ts";
import { findPython } from "./support/run/find_python.ts";
import { wellFormed } from "./support/well_formed.ts";

const FOLDER = "examples/notebooks";
const NAMES = ["first-steps", "windows-and-lateness", "joins", "recommendations"];

const found = findPython();
const ignore = !found.ok;
console.log(found.ok ? `Notebooks run by ${found.reason}.` : `The notebooks are not executed: ${found.reason}.`);

/** All of them, executed once, with one that throws. The live one waits most of the time, so it runs beside the others. */
let all: Promise<ReadonlyMap<string, Executed>> | undefined;

async function executed(name: string): Promise<Executed> {
  if (!found.ok) throw new Error(found.reason);
  const { path } = found;
  const paths = NAMES.map((name) => `${FOLDER}/${name}.ipynb`);
  all ??= Promise.all([
    execute(path, [...paths.slice(0, 3), "tests/fixtures/throws.ipynb"]),
    execute(path, paths.slice(3)),
  ]).then((both) => new Map(both.flat().map((one) => [/([\w-]+)\.ipynb$/.exec(one.path)![1], one])));
  return (await all).get(name)!;
}

const outputsOf = ({ cells }: Executed): Output[] => cells.flatMap(({ outputs }) => outputs);
const shown = (outputs: readonly Output[], type: string): string[] =>
  outputs.flatMap(({ data }) => data?.[type] === undefined ? [] : [data[type]]);
const printed = (notebook: Executed): string =>
  outputsOf(notebook).map(({ name, text }) => name === "stdout" ? text : "").join("");

describe("a notebook as it is stored", () => {
  it("has a test, a kernel of Deno, no outputs and no numbers of runs", () => {
    const names = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).filter((name) => name.endsWith(".ipynb"));
    assertEquals(names.sort(), NAMES.map((name) => `${name}.ipynb`).sort());
    for (const name of names) {
      const notebook = JSON.parse(Deno.readTextFileSync(`${FOLDER}/${name}`));
      assertEquals(notebook.metadata.kernelspec.name, "deno");
      for (const { cell_type, outputs, execution_count, metadata } of notebook.cells) {
        if (cell_type === "code") assertEquals([outputs, execution_count, metadata], [[], null, {}], name);
      }
    }
  });

  it("links only to what is there", () => {
    for (const name of NAMES) {
      const { cells } = JSON.parse(Deno.readTextFileSync(`${FOLDER}/${name}.ipynb`));
      const text = cells.flatMap(({ source }: { source: string[] }) => source).join("");
      for (const [, link] of text.matchAll(/\]\(([^):]+)\)/g)) assert(Deno.statSync(`${FOLDER}/${link}`).isFile, link);
    }
  });
});

describe("the Python for notebooks", () => {
  it("is not there where the named one is missing, or has no nbclient, and the reason says so", async () => {
    assertEquals(findPython("/nowhere/python"), { ok: false, reason: "there is no /nowhere/python" });
    const bare = await Deno.makeTempFile({ prefix: "tidemark-python-" });
    try {
      await Deno.writeTextFile(bare, '#!/bin/sh\ncase "$2" in *nbclient*) exit 1 ;; esac\necho 1\n');
      await Deno.chmod(bare, 0o755);
      assertEquals(findPython(bare), { ok: false, reason: `${bare} has no nbclient` });
    } finally {
      await Deno.remove(bare);
    }
  });
});

describe("a notebook that is executed", { ignore }, () => {
  for (const name of NAMES) {
    it(`runs to its end, and writes nothing to the error output or the home folder: ${name}`, async () => {
      const { error, left, cells } = await executed(name);
      assertEquals(error, null);
      assertEquals(left, []);
      assert(cells.length >= 5);
      assertEquals(cells.flatMap(({ outputs }) => outputs.filter(({ name }) => name === "stderr")), []);
    });
  }

  it("fails where a cell throws, and executes no cell after it", async () => {
    const { error, cells } = await executed("throws");
    assertStringIncludes(error!, "RangeError: no such user: ada");
    assertEquals(cells.map(({ outputs }) => outputs.map(({ output_type }) => output_type)), [
      ["stream"],
      ["error"],
      [],
    ]);
  });

  it("has pictures as text, as SVG and as HTML, all of them well formed and without script", async () => {
    for (const name of NAMES) {
      const outputs = outputsOf(await executed(name)).filter(({ data }) => data?.["text/html"] !== undefined);
      assert(outputs.length > 0, name);
      for (const svg of shown(outputs, "image/svg+xml")) assertEquals(wellFormed(svg), [], name);
      for (const html of shown(outputs, "text/html")) {
        assertEquals(wellFormed(html.replace(/<img [^>]*>/, "")), [], name);
        assertEquals(/<script|<style|\son\w+=/.test(html), false, name);
      }
      for (const { data } of outputs) assert(data!["text/plain"].length > 0, name);
    }
  });
});

describe("the notebooks", { ignore }, () => {
  it("count clicks a minute, draw the late one, and say why it was late", async () => {
    const notebook = await executed("first-steps");
    const texts = shown(outputsOf(notebook), "text/plain");
    assert(texts.some((text) => /activity +-+\(ada \[0:00,1:00\): 3\)/.test(text)));
    assert(texts.some((text) => /late for activity .*bob@0:35/.test(text)));
    assert(texts.some((text) => /^user +minute +clicks/m.test(text) && /^ada +0 +3$/m.test(text)));
    assertStringIncludes(printed(notebook), "was late by 10 s");
  });

  it("draw a picture for each thing that changes when windows fire, and say why one has not fired", async () => {
    const notebook = await executed("windows-and-lateness");
    assertStringIncludes(printed(notebook), "window [12:00:00, 12:01:00) waits: clicks/1: last event 12:00:20");
    const titles = shown(outputsOf(notebook), "image/svg+xml")
      .map((svg) => /<title>(.*?)<\/title>/.exec(svg)![1]);
    assertEquals(titles, [
      "No patience: two clicks are late",
      "30 seconds of patience: one click is late",
      "A minute of patience: nothing is late",
      "A late pane corrects the first",
      "Early panes, after every second click",
      "Windows of a minute, every 30 seconds",
      "Sessions",
      "Two partitions",
    ]);
  });

  it("draw the results of joins, and sum up the orders of a day", async () => {
    const texts = shown(outputsOf(await executed("joins")), "text/plain");
    const settled = texts.find((text) => text.startsWith("orders "))!;
    for (const row of ["(a: paid)", "(c: paid)", "(b: unpaid)", "(d: paid)", "(b: unknown)"]) {
      assertStringIncludes(settled, row);
    }
    const orders = [...texts.at(-1)!.matchAll(/^(\w+) +(\d+) +/gm)].map(([, status, orders]) => [status, orders]);
    assertEquals(orders.sort(), [["paid", "420"], ["underpaid", "60"], ["unknown", "60"], ["unpaid", "120"]]);
  });

  it("show lists that change in their cell while the job runs, and a chart that goes on after its cell", async () => {
    const notebook = await executed("recommendations");
    const lists = shown(outputsOf(notebook), "text/plain").find((text) => text.startsWith("Recommended now"))!;
    const rows = lists.split("\n").slice(3, -1).map((row) => row.split(/ {2,}/));
    // The cell was executed before the first click: what it shows came after that.
    assertEquals(rows.map(([who]) => who).sort(), ["ada", "bruno", "cleo", "dev", "esme", "finn", "you"]);
    for (const row of rows) assert(row.length === 5, `${row}`);
    assert(/^\d+ values, stopped$/m.test(lists), lists);
    const speed = shown(outputsOf(notebook), "text/plain").find((text) => text.startsWith("Clicks in 200 ms"))!;
    assert(/^\d+ values, stopped$/m.test(speed), speed);
    assert(/^[23]\d{3} clicks in \d+ commits$/m.test(printed(notebook)), printed(notebook));
  });
});
