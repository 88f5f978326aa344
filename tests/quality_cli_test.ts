/** `deno task bench --only quality`: its JSON, its table, and what it says of wrong flags and files. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../", import.meta.url).pathname;

/** Runs the benchmarks with these flags, as their task does. */
async function bench(...flags: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "bench/main.ts", ...flags],
    cwd: ROOT,
    // It needs no broker, so it may not look for one.
    env: { NO_COLOR: "1", KAFKA_BROKERS: "localhost:1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A file of ratings: users of two tastes, who rate the six products of theirs. */
async function ratings() {
  const path = await Deno.makeTempFile({ suffix: ".data" });
  const lines = Array.from({ length: 600 }, (_, nth) => {
    const user = Math.floor(nth / 6), product = user % 2 * 6 + (nth * 5 + user) % 6;
    return `user-${user}\t${product}\t${1 + nth % 5}\t${1_000_000 + nth}`;
  });
  await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

Deno.test("the quality on a file of ratings is one line of JSON, alone on stdout", async () => {
  await using file = await ratings();
  const { code, stdout, stderr } = await bench("--only", "quality", "--ratings", file.path, "--json");
  assertEquals([code, stderr], [0, ""]);
  const { hit_rate_at_10, ...of } = JSON.parse(stdout);
  assertEquals(of, { data: file.path, events: 600, scored: 500, users: 100, items: 12, half_life_days: 90 });
  assertEquals(Object.keys(hit_rate_at_10), ["tidemark", "popular", "trending", "item_item_cosine"]);
  for (const rate of Object.values<number>(hit_rate_at_10)) assert(rate > 0 && rate <= 1, `a rate of ${rate}`);
});

Deno.test("the quality on the generator's traffic is a table with its goal, in which tidemark is better than what is popular", async () => {
  const { code, stdout } = await bench("--only", "quality", "--events", "20000");
  assertEquals(code, 0);
  const [title, , , tidemark, popular] = stdout.split("\n").map((line) => line.trim());
  assertStringIncludes(title, "the generator's traffic: 20,000 events");
  assertStringIncludes(tidemark, ">= 2 times popular");
  const rate = (line: string) => Number(line.split(/ +/)[1]);
  assertGreater(rate(tidemark), rate(popular));
  assertStringIncludes(stdout, "broker: none");
});

Deno.test("wrong flags and files of the quality are one sentence each", async () => {
  await using file = await ratings();
  await Deno.writeTextFile(file.path, "1\t2\t3\n");
  for (
    const [flags, code, sentence] of [
      [["--ratings", file.path], 1, `Line 1 of ${file.path} must be user<TAB>item<TAB>rating<TAB>seconds`],
      [["--ratings", "/nowhere/u.data"], 1, "Cannot read the ratings of /nowhere/u.data"],
      [["--half-life", "0"], 1, '--half-life must be a number above 0, current value is "0"'],
      [["--events", "1.5"], 1, '--events must be a whole number above 0, current value is "1.5"'],
      [["--events", "7", "--ratings", file.path], 1, "--events is about the generator's traffic"],
      [["--only", "keys", "--json"], 2, "--json needs --only quality"],
      [["--only", "keys", "--ratings", file.path], 2, "--ratings needs --only quality"],
    ] as const
  ) {
    const said = await bench("--only", "quality", ...flags);
    assertEquals([said.code, said.stdout], [code, ""], sentence);
    assertStringIncludes(said.stderr, sentence);
    assertEquals(said.stderr.split("\n").length, 1, said.stderr);
  }
});
