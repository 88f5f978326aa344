/**
 * A campaign on several threads: each gets a share of the seeds, and the first failure ends it.
 *
 * @module
 */
import { addTotals, noTotals, type Report, type Totals } from "./campaign.ts";
import type { Share, Told } from "./campaign_worker.ts";
import type { Scenario } from "./scenario.ts";
import { Watch } from "./watch.ts";

/** How long a thread may show no sign of life, in milliseconds. A run takes some hundredths of a second. */
const SPINNING_MS = 30_000;
const LOOK_MS = 1000;

/** The options of a campaign. */
export interface CampaignOptions {
  /** The first seed, or the first number of a sweep. */
  readonly seed: number;
  /** The scenario whose await points are swept. @default none: seeds are run */
  readonly base?: Scenario | undefined;
  /** The families of all runs. @default those that are drawn */
  readonly families?: readonly string[] | undefined;
  /** Whether the job is reset in all runs. @default false */
  readonly resets?: boolean;
  readonly runs: number;
  readonly threads: number;
  /** The longest time that the campaign may take, in milliseconds. @default Infinity */
  readonly limit?: number;
  /** Whether a failure is reduced. @default true */
  readonly reduces?: boolean;
  /** Called with the totals so far. */
  readonly progress?: (totals: Totals) => void;
}

/** The result of a campaign. */
export interface Campaign {
  readonly totals: Totals;
  readonly report: Report | undefined;
  /** Milliseconds. */
  readonly took: number;
}

/** Runs a campaign. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seed, base, families, resets, runs, threads, limit = Infinity, reduces = true, progress } = options;
  const began = performance.now();
  const totals = noTotals();
  const workers: Worker[] = [];
  const watches = Array.from({ length: threads }, () => new Watch());
  const shares = watches.map((watch, index): Share => ({
    base,
    families,
    resets,
    first: seed + index,
    step: threads,
    runs: Math.ceil((runs - index) / threads),
    until: performance.timeOrigin + began + limit,
    reduces,
    watch: watch.memory,
  })).filter((share) => share.runs > 0);
  const reports = shares.map((share, index) =>
    new Promise<Report | undefined>((resolve, reject) => {
      const worker = new Worker(new URL("./campaign_worker.ts", import.meta.url), { type: "module" });
      workers.push(worker);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`The simulator itself failed: ${event.message}`));
      };
      worker.onmessage = ({ data }: MessageEvent<Told>) => {
        addTotals(totals, data.totals);
        progress?.(totals);
        if (!data.over) return;
        watches[index].end();
        resolve(data.report);
      };
      worker.postMessage(share);
    })
  );
  const spinning = Promise.withResolvers<Report>();
  const looking = setInterval(() => {
    const silent = watches.find((watch) => watch.silentFor(performance.now()) >= SPINNING_MS);
    if (silent !== undefined) spinning.resolve(spins(silent.run));
  }, LOOK_MS);
  try {
    const report = await Promise.race([firstFailure(reports), spinning.promise]);
    return { totals, report, took: performance.now() - began };
  } finally {
    clearInterval(looking);
    for (const worker of workers) worker.terminate();
  }
}

function spins(seed: number): Report {
  const message = `run ${seed} spins: for ${SPINNING_MS / 1000} s it has gone on without waiting for anything`;
  return { seed, kind: "stuck", message, text: message };
}

/** The first failure, or `undefined` when all threads have ended without one. */
async function firstFailure(reports: readonly Promise<Report | undefined>[]): Promise<Report | undefined> {
  return await new Promise((resolve, reject) => {
    for (const report of reports) report.then((found) => found !== undefined && resolve(found), reject);
    Promise.all(reports).then(() => resolve(undefined), reject);
  });
}

/** The last line of a campaign. */
export function summaryOf({ totals, took }: Campaign): string {
  const { runs, kills, pauses, lost, stops, takeovers, restarts, told, refused, steps, events, virtual } = totals;
  const seconds = took / 1000;
  return `${runs} runs in ${
    seconds.toFixed(1)
  } s: ${kills} kills, ${pauses} pauses, ${lost} lost requests and replies, ${stops} stops, ` +
    `${takeovers} takeovers, ${restarts} failed starts, ${told} ends that a change explains, ${refused} right refusals to go on, ${steps} await points, ${
      (virtual / 3_600_000).toFixed(1)
    } virtual hours, ` +
    `${(events / seconds / 1000).toFixed(1)} k events/s`;
}
