/** Kills one job many times while its input is written, and counts at which points it died. */
import { BETWEEN, type Point } from "./points.ts";
import type { Death } from "./process.ts";
import { shuffled } from "./random.ts";
import type { World } from "./world.ts";

/** When a process dies: at a point, or this many milliseconds after its start or after it has begun to run. */
export type Kill =
  | { readonly point: Point; readonly occurrence: number }
  | { readonly after: "start" | "running"; readonly ms: number };

/** How soon after its start a process may be killed, in milliseconds: mostly before it runs. */
const YOUNG = 900;
/** How long after it has begun to run, in milliseconds. */
const OLD = 250;
/** A kill at a point uses one of the point's first occurrences. */
const OCCURRENCES = 4;
/** Points that one process reaches once or a few times only. */
const RARE: readonly Point[] = ["claimed", "fenced", "restoring"];

/**
 * This many kills at random moments, and one at each of these points, in an order from the seed. The first kill is
 * always at the first point: the next process then has something to restore and to fence.
 */
export function plan(
  random: () => number,
  { random: count, aimed: [first, ...others] }: { random: number; aimed: readonly Point[] },
): Kill[] {
  const kills: Kill[] = others.map((point) => {
    const most = RARE.includes(point) ? 1 : point === "pushing" ? 200 : OCCURRENCES;
    return { point, occurrence: 1 + Math.floor(random() * most) };
  });
  for (let kill = 0; kill < count; kill++) {
    const young = kill % 3 === 0;
    kills.push({ after: young ? "start" : "running", ms: Math.round(random() * (young ? YOUNG : OLD)) });
  }
  return [{ point: first, occurrence: 1 }, ...shuffled(kills, random)];
}

/** A kill and where the process died. */
export interface Fallen {
  readonly kill: Kill;
  readonly death: Death;
}

/** Starts and kills the job as planned, while input is written. */
export async function killAll(world: World, kills: readonly Kill[]): Promise<Fallen[]> {
  const fallen: Fallen[] = [];
  for (const kill of kills) {
    if ("point" in kill) {
      const process = world.start({ aim: { ...kill, action: "die" } });
      fallen.push({ kill, death: await process.death() });
      continue;
    }
    const process = world.start();
    if (kill.after === "running") await process.says("running");
    await new Promise((resolve) => setTimeout(resolve, kill.ms));
    process.kill();
    fallen.push({ kill, death: await process.death() });
  }
  return fallen;
}

/** How many kills at a point happened between the KV commit of results and the end of their transaction. */
export function between(fallen: readonly Pick<Fallen, "death">[]): number {
  return fallen.filter(({ death }) => death.point !== undefined && BETWEEN.includes(death.point)).length;
}

/** The kills by point, as a table. */
export function table(fallen: readonly Pick<Fallen, "death">[]): string {
  const random = countBy(fallen.filter(({ death }) => death.point === undefined), ({ phase }) => phase ?? "start");
  const aimed = countBy(fallen.filter(({ death }) => death.point !== undefined), ({ point }) => point!);
  const row = (name: string, count: number) => `  ${name.padEnd(24)}${String(count).padStart(4)}`;
  return [
    `  killed at random in      (${[...random.values()].reduce((sum, one) => sum + one, 0)})`,
    ...[...random].map(([name, count]) => row(name, count)),
    `  killed exactly when      (${[...aimed.values()].reduce((sum, one) => sum + one, 0)})`,
    ...[...aimed].map(([name, count]) => row(name, count)),
  ].join("\n");
}

/** How many processes died exactly at a point. */
export function diedAt(fallen: readonly Pick<Fallen, "death">[], point: Point): number {
  return fallen.filter(({ death }) => death.point === point).length;
}

function countBy(fallen: readonly Pick<Fallen, "death">[], by: (death: Death) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { death } of fallen) counts.set(by(death), (counts.get(by(death)) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => a < b ? -1 : 1));
}
