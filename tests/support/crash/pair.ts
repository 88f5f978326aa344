/** Kills two live workers of one job, which share its tasks: one at a time, or both at once. */
import type { Death, JobProcess } from "./process.ts";
import type { World } from "./world.ts";

/**
 * How soon after its start a worker may be killed, in milliseconds: while it joins, and while the other releases tasks.
 */
const YOUNG = 1200;
/** How long after the tasks are shared a worker may be killed, in milliseconds. */
const OLD = 250;

/** A worker that was killed. */
export interface FallenWorker {
  readonly death: Death;
  /** Whether both workers had tasks when it was killed. */
  readonly shared: boolean;
  /** Whether the other one was killed with it. */
  readonly both: boolean;
}

/** Runs two workers of a job. A killed worker is started again under its name. Both are dead at the end. */
export async function killPair(
  world: World,
  { random, kills }: { random: () => number; kills: number },
): Promise<FallenWorker[]> {
  const fallen: FallenWorker[] = [];
  const workers = ["one", "two"].map((worker) => world.start({ worker }));
  const killNow = async (victims: readonly number[]) => {
    const shared = workers.every(({ tasks }) => tasks.length > 0);
    for (const victim of victims) workers[victim].kill();
    for (const victim of victims) {
      fallen.push({ death: await workers[victim].death(), shared, both: victims.length > 1 });
    }
  };
  for (let turn = 0; fallen.length < kills; turn++) {
    const young = turn % 4 === 3;
    const victims = turn % 5 === 1 ? [0, 1] : [random() < 0.5 ? 0 : 1];
    if (!young) await shareTasks(workers);
    await new Promise((resolve) => setTimeout(resolve, random() * (young ? YOUNG : OLD)));
    await killNow(victims);
    for (const victim of victims) workers[victim] = world.start({ worker: workers[victim].options.worker });
  }
  await killNow([0, 1]);
  return fallen;
}

/** Resolves when each worker has tasks. The group takes care that every task has a worker. */
async function shareTasks(workers: readonly JobProcess[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.works()));
}
