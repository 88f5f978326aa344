/** How long a pipeline takes. */
import type { Observable } from "rxjs";

/** The duration of one run, in milliseconds. */
export function timeOf(stream: Observable<unknown>): number {
  let emitted = 0;
  const began = performance.now();
  stream.subscribe(() => emitted++);
  const took = performance.now() - began;
  if (emitted === 0) throw new Error("A pipeline emitted nothing: what was measured is not what it costs");
  return took;
}
