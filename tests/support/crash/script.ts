/** Stories of a job, to be read aloud: `[100, CRASH("committed"), 50, END]`. */
import { assertEquals } from "@std/assert";
import type { Mutant } from "./phased_connector.ts";
import type { Point } from "./points.ts";
import type { World } from "./world.ts";

/** That many events come; or the job runs and dies at a point; or it runs to its end. */
export type Step = number | Crash | typeof END;

interface Crash {
  readonly point: Point;
  readonly occurrence: number;
}

/** The job is started, and dies at the n-th occurrence of that point. */
export function CRASH(point: Point, occurrence = 1): Crash {
  return { point, occurrence };
}

/** Nothing more comes: the job is started, and runs to the end of its input. */
export const END = "end" as const;

/** Plays a story. Every process that is started has that mutant. */
export async function play(world: World, story: readonly Step[], mutant?: Mutant): Promise<void> {
  for (const step of story) {
    if (step === END) await world.end({ mutant });
    else if (typeof step === "number") await world.append(step);
    else {
      const { point } = await world.start({ aim: { ...step, action: "die" }, mutant }).death();
      assertEquals(point, step.point);
    }
  }
}
