/**
 * A campaign on several threads: the seeds are dealt out, and the first failure ends it.
 *
 * @module
 */
import { addTotals, noTotals, type Report, type Totals } from "./campaign.ts";
import type { Share, Told } from "./campaign_worker.ts";

/** What to run. */
export interface CampaignOptions {
  readonly seed: number;
  readonly runs: number;
  readonly threads: number;
  /** How long at the most, in milliseconds. @default Infinity */
  readonly limit?: number;
  /** Whether a failure is cut down. @default true */
  readonly reduces?: boolean;
  /** Told of progress. */
  readonly progress?: (totals: Totals) => void;
}

/** What came of it. */
export interface Campaign {
  readonly totals: Totals;
  readonly report: Report | undefined;
  /** Milliseconds. */
  readonly took: number;
}

/** Runs a campaign. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seed, runs, threads, limit = Infinity, reduces = true, progress } = options;
  const began = performance.now();
  const totals = noTotals();
  const workers: Worker[] = [];
  const shares = Array.from({ length: threads }, (_, index): Share => ({
    first: seed + index,
    step: threads,
    runs: Math.ceil((runs - index) / threads),
    until: performance.timeOrigin + began + limit,
    reduces,
  })).filter((share) => share.runs > 0);
  const reports = shares.map((share) =>
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
        if (data.over) resolve(data.report);
      };
      worker.postMessage(share);
    })
  );
  try {
    const report = await firstFailure(reports);
    return { totals, report, took: performance.now() - began };
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

/** The first report of a failure, or `undefined` when all have ended without one. */
async function firstFailure(reports: readonly Promise<Report | undefined>[]): Promise<Report | undefined> {
  return await new Promise((resolve, reject) => {
    for (const report of reports) report.then((found) => found !== undefined && resolve(found), reject);
    Promise.all(reports).then(() => resolve(undefined), reject);
  });
}

/** The last line of a campaign. */
export function summaryOf({ totals, took }: Campaign): string {
  const { runs, kills, pauses, lost, stops, takeovers, restarts, refused, events, virtual } = totals;
  const seconds = took / 1000;
  return `${runs} runs in ${
    seconds.toFixed(1)
  } s: ${kills} kills, ${pauses} pauses, ${lost} lost requests and replies, ${stops} stops, ` +
    `${takeovers} takeovers, ${restarts} failed starts, ${refused} refusals of an older store, ${
      (virtual / 3_600_000).toFixed(1)
    } virtual hours, ` +
    `${(events / seconds / 1000).toFixed(1)} k events/s`;
}
