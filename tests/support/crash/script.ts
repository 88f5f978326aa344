/** Stories of a job, to be read aloud: `[100, CRASH("committed"), 50, END]`. */
import { assertEquals } from "@std/assert";
import type { Point } from "./points.ts";
import type { StartOptions, World } from "./world.ts";

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

/** How every process of a story is started. */
export type StoryOptions = Pick<StartOptions, "mutant" | "slow">;

/** Plays a story. */
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
