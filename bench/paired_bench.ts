/**
 * Compares the operators in memory with those of another tree of this project, such as a work tree of an older commit:
 *
 *     deno run -A --no-lock bench/paired_bench.ts ../older [--pairs N] [--rounds N]
 *
 * Each pair is two processes, one a tree, that run a round in turns. Both get the same part of a disturbance of the machine
 * then. A new pair has a new chance with V8, whose decisions make processes of one program differ by some percent.
 */
import { parseArgs } from "node:util";
import { table } from "./support/report.ts";

const KINDS = ["counts", "windows"];
/** The rounds that come before V8 has optimised the code. */
const WARM_UP = 5;

interface Side {
  round(): Promise<number>;
  end(): Promise<void>;
}

function start(tree: string, kind: string): Side {
  const main = new URL("support/paired_main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", `--config=${tree}/deno.json`, main, tree, kind],
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async round() {
      await writer.write(new Uint8Array(1));
      const { value, done } = await reader.read();
      if (done) throw new Error(`The process of ${tree} ended`);
      return Number(value);
    },
    async end() {
      await writer.close();
      await child.status;
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: [...Deno.args],
    options: { pairs: { type: "string", default: "11" }, rounds: { type: "string", default: "40" } },
    allowPositionals: true,
  });
  if (positionals.length !== 1) throw new TypeError("Name one other tree: bench/paired_bench.ts DIRECTORY");
  const trees = [await Deno.realPath(positionals[0]), new URL("..", import.meta.url).pathname.replace(/\/$/, "")];
  const rows = [];
  for (const kind of KINDS) {
    const bests: number[] = [], rounds: number[] = [], least = [Infinity, Infinity];
    for (let pair = 0; pair < Number(values.pairs); pair++) {
      const sides = trees.map((tree) => start(tree, kind));
      const took: number[][] = [[], []];
      for (let round = -WARM_UP; round < Number(values.rounds); round++) {
        // The side that begins changes.
        for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
          const nanoseconds = await sides[side].round();
          if (round >= 0) took[side].push(nanoseconds);
        }
      }
      for (const side of sides) await side.end();
      const [other, own] = took.map((times) => Math.min(...times));
      bests.push(other / own);
      rounds.push(median(took[0].map((time, round) => time / took[1][round])));
      least[0] = Math.min(least[0], other);
      least[1] = Math.min(least[1], own);
    }
    rows.push({
      pipeline: kind,
      "ns a record, other": least[0],
      "ns a record, this": least[1],
      "rate of this, by the best rounds": median(bests),
      "by all rounds": median(rounds),
      pairs: bests.length,
    });
  }
  table(`Operators in memory, beside ${trees[0]}: medians of pairs of processes`, rows);
}
