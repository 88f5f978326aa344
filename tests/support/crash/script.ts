/** Scripts of a job that can be read aloud: `[100, CRASH("committed"), 50, END]`. */
import { assertEquals } from "@std/assert";
import type { Point } from "./points.ts";
import type { StartOptions, World } from "./world.ts";

/** This many events are appended; or the job runs and dies at a point; or it runs to its end. */
export type Step = number | Crash | typeof END;

interface Crash {
  readonly point: Point;
  readonly occurrence: number;
}

/** Starts the job, which dies at the n-th occurrence of this point. */
export function CRASH(point: Point, occurrence = 1): Crash {
  return { point, occurrence };
}

/** Starts the job, which runs to the end of its input. */
export const END = "end" as const;

/** Options for every process of a script. */
export type StoryOptions = Pick<StartOptions, "mutant" | "slow">;

/** Runs a script. */
export async function play(world: World, story: readonly Step[], options: StoryOptions = {}): Promise<void> {
  for (const step of story) {
    if (step === END) await world.end(options);
    else if (typeof step === "number") await world.append(step);
    else {
      const { point } = await world.start({ aim: { ...step, action: "die" }, ...options }).death();
      assertEquals(point, step.point);
    }
  }
}
