/**
 * Measures how good the recommendations are, without a job, a store or a broker: the hit rate at 10 of the example's
 * recommender, beside three others over the same events. The events are the generator's, or those of a file of ratings.
 */
import { parseArgs } from "node:util";
import { eventAt, GENERATION } from "../examples/recommendations/traffic.ts";
import type { UserEvent } from "../examples/recommendations/schema.ts";
import { days } from "../mod.ts";
import { courseOf } from "./quality/course.ts";
import { hitRates, RowHits } from "./quality/hit_rate.ts";
import { ItemItemCosine } from "./quality/item_item_cosine.ts";
import { Popular } from "./quality/popular.ts";
import { readRatings } from "./quality/ratings.ts";
import { runRecommender } from "./quality/tidemark.ts";
import { Trending } from "./quality/trending.ts";
import { judge, table } from "./support/report.ts";

const EVENTS = 200_000;
/** The generator's traffic as `deno task start --events 200000` has it. */
const TRAFFIC = { version: GENERATION, seed: 1, began: 1_700_000_000_000, perSecond: 200 };
/** The half-life of pairs in a shop and in a file of ratings, in days. */
const SHOP = 7, FILE = 90;
/** The goals: times the rate of what is popular on the generator's traffic, and of the cosine on a file. */
const TIMES_POPULAR = 2, OF_COSINE = 0.9;

interface Options {
  readonly ratings: string | undefined;
  readonly json: boolean;
  readonly events: number;
  readonly halfLife: number;
}

/** The hit rate of each recommender, by its name in the JSON. */
export interface Quality {
  readonly data: string;
  readonly events: number;
  readonly scored: number;
  readonly users: number;
  readonly items: number;
  readonly half_life_days: number;
  readonly hit_rate_at_10: Readonly<Record<"tidemark" | "popular" | "trending" | "item_item_cosine", number>>;
}

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const, flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { ratings: text, json: flag, events: text, quick: flag, "half-life": text },
  });
  const { ratings, events, quick, json = false } = values;
  if (ratings !== undefined && events !== undefined) {
    throw new TypeError("--events is about the generator's traffic, and --ratings names a file: leave one of them out");
  }
  return {
    ratings,
    json,
    events: numberOf("events", events ?? String(quick ? EVENTS / 10 : EVENTS), Number.isSafeInteger),
    halfLife: numberOf(
      "half-life",
      values["half-life"] ?? String(ratings === undefined ? SHOP : FILE),
      Number.isFinite,
    ),
  };
}

function numberOf(flag: string, text: string, may: (number: number) => boolean): number {
  const number = Number(text);
  if (number > 0 && may(number)) return number;
  const wanted = may === Number.isSafeInteger ? "a whole number" : "a number";
  throw new TypeError(`--${flag} must be ${wanted} above 0, current value is "${text}"`);
}

/** Holds the recommenders to the same events. */
export function qualityOf(
  events: readonly UserEvent[],
  { data, halfLife }: { data: string; halfLife: number },
): Quality {
  const course = courseOf(events);
  if (course.scored === 0) {
    throw new Error(`Nothing of ${data} can be scored: no user has an event with a second product`);
  }
  const rows = new RowHits(course);
  runRecommender(events, { halfLife: days(halfLife) }, (row) => rows.see(row));
  const rates = hitRates(course, {
    popular: new Popular(),
    trending: new Trending(),
    item_item_cosine: new ItemItemCosine(),
  });
  return {
    data,
    events: events.length,
    scored: course.scored,
    users: course.users,
    items: course.products,
    half_life_days: halfLife,
    hit_rate_at_10: { tidemark: rows.rate, ...rates },
  };
}

/** The events of the generator, in the order in which the shop receives them. */
function generated(count: number): UserEvent[] {
  return Array.from({ length: count }, (_, index) => eventAt(TRAFFIC, index));
}

function show({ hit_rate_at_10: rates, ...of }: Quality, ofFile: boolean): void {
  const count = (number: number) => number.toLocaleString("en-US");
  const goal = (name: string) => {
    if (name !== "tidemark") return "";
    if (ofFile) return judge(`>= ${OF_COSINE} of the cosine`, rates.tidemark >= OF_COSINE * rates.item_item_cosine);
    return judge(`>= ${TIMES_POPULAR} times popular`, rates.tidemark >= TIMES_POPULAR * rates.popular);
  };
  table(
    `Hit rate at 10 on ${of.data}: ${count(of.events)} events of ${count(of.users)} users and ${count(of.items)} ` +
      `products, ${count(of.scored)} scored, half-life ${of.half_life_days} days`,
    Object.entries(rates).map(([recommender, rate]) => ({
      recommender,
      "hit rate at 10": rate.toFixed(4),
      "times popular": (rate / rates.popular).toFixed(2),
      "of the cosine": (rate / rates.item_item_cosine).toFixed(2),
      goal: goal(recommender),
    })),
  );
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const { ratings, json, events, halfLife } = readOptions(args);
    const taken = ratings === undefined ? generated(events) : await readRatings(ratings);
    const quality = qualityOf(taken, { data: ratings ?? "the generator's traffic", halfLife });
    if (json) console.log(JSON.stringify(quality));
    else show(quality, ratings !== undefined);
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}.`);
    return error instanceof TypeError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
