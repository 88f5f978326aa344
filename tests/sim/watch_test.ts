/** A thread that spins is detected from another one. */
import { assertEquals } from "@std/assert";
import { Watch } from "./watch.ts";

/** Reports its runs and shows signs of life until it is told to spin, then loops forever. */
const THREAD = `
  import { giveSigns } from "${new URL("./watch.ts", import.meta.url)}";
  self.onmessage = ({ data }) => {
    if (data === "spin") {
      const spin = () => void Promise.resolve().then(spin);
      return spin();
    }
    giveSigns(data)(42);
    self.postMessage("begun");
  };
`;

Deno.test("Watch sees that a thread lives, and that it spins, and in which run", async () => {
  const watch = new Watch();
  const url = URL.createObjectURL(new Blob([THREAD], { type: "text/typescript" }));
  const worker = new Worker(url, { type: "module" });
  try {
    await new Promise((resolve) => {
      worker.onmessage = resolve;
      worker.postMessage(watch.memory);
    });
    assertEquals(watch.run, 42);
    // The thread shows signs for as long as it lives: over many looks, the last sign is never old.
    let signs = 0;
    for (let now = performance.now(), silent = Infinity; signs < 4; now = performance.now()) {
      const before = silent;
      silent = watch.silentFor(now);
      if (silent === 0 && before !== 0) signs++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    worker.postMessage("spin");
    // The silence lasts ten beats. This loop ends, or the test does not.
    while (watch.silentFor(performance.now()) < 2000) await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(watch.run, 42);
    // A thread that has ended gives no signs either, while others go on.
    watch.end();
    assertEquals(watch.silentFor(performance.now()), 0);
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
});
