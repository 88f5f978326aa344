import { scenarioOf } from "./scenario.ts";
import { runScenario } from "./world.ts";
const [from, runs, mode] = [Number(Deno.args[0]), Number(Deno.args[1]), Deno.args[2]];
globalThis.addEventListener("unhandledrejection", (e) => {
  e.preventDefault();
  console.log("UNHANDLED", e.reason);
});
const t = performance.now();
let bad = 0, events = 0, took = 0, worst = 0;
const kinds = new Map<string, number[]>();
for (let seed = from; seed < from + runs; seed++) {
  let s = scenarioOf(seed);
  if (mode === "calm") s = { ...s, faults: [] };
  const b = performance.now();
  const o = await runScenario(s, mode === "trace");
  worst = Math.max(worst, performance.now() - b);
  events += o.counts.events;
  took += o.took;
  if (mode === "trace") {
    for (const l of o.lines) console.log(l);
    console.log(s);
  }
  if (o.failure) {
    bad++;
    const k = o.failure.kind + " " + o.failure.message.slice(0, 110);
    (kinds.get(k) ?? kinds.set(k, []).get(k)!).push(seed);
    if (runs <= 3) console.log(seed, o.failure);
  }
}
for (const [k, v] of kinds) console.log(v.length, v.slice(0, 5).join(","), k);
const ms = performance.now() - t;
console.log({ runs, bad, ms: Math.round(ms), perRun: ms / runs, events: events / runs, virtual: took / runs, worst });
