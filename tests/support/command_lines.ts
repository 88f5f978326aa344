/** Runs command lines one after the other, and prints what each has said. Needs no permission. */
import { main } from "../../cli/main.ts";
import { systemClock } from "../../base/clock.ts";

const said: { code: number; out: string; err: string }[] = [];
for (const line of JSON.parse(Deno.args[0]) as string[][]) {
  const now = { code: 0, out: "", err: "" };
  now.code = await main(line, {
    out: (text) => void (now.out += text),
    err: (text) => void (now.err += text),
    ...{ outTerminal: false, canAsk: false, noColor: true, columns: 100, clock: systemClock },
    confirm: () => false,
    input: () => new Blob([]).stream(),
    interrupted: new AbortController().signal,
  });
  said.push(now);
}
console.log(JSON.stringify(said));
