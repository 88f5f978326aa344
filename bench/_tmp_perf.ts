import { filter, from, map } from "rxjs";
import { eventTime, keyedReduce, minutes, watermark } from "../mod.ts";
const N = 2_000_000;
const users = Array.from({ length: 10000 }, (_, i) => ({ user_id: "user-" + i, timestamp_ms: i * 7 % 300000 }));
const rows = Array.from({ length: N }, (_, i) => users[i % 10000]);
const src = from(rows);
const et = eventTime((e: typeof users[0]) => e.timestamp_ms),
  wm = watermark<typeof users[0]>({ maxOutOfOrderness: minutes(5) });
const kr = keyedReduce({ name: "c", key: (e: typeof users[0]) => e.user_id, initial: 0, reduce: (t: number) => t + 1 });
const cases = {
  base: src,
  filters: src.pipe(filter((x) => !!x), filter((x) => !!x), filter((x) => !!x)),
  et: src.pipe(et),
  etwm: src.pipe(et, wm),
  kr: src.pipe(kr),
  all: src.pipe(et, wm, kr),
  seed: src.pipe(et, wm, kr, map(({ key, value }) => ({ user_id: key, event_count: value }))),
};
const only = Deno.args[0];
for (let k = 0; k < 3; k++) {
  for (const [n, c] of Object.entries(cases)) {
    if (only && n !== only) continue;
    let seen = 0;
    const t0 = performance.now();
    c.subscribe(() => seen++);
    const dt = performance.now() - t0;
    console.log(n, (dt * 1e6 / N).toFixed(0), "ns", Math.round(N / dt), "k/s");
  }
}
