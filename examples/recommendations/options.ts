/**
 * The rules of the recommender that may be set, with their defaults.
 */
import { days } from "@tidemark/streams";
import { WEIGHTS, type Weights } from "./rules/weights.ts";

/** Options of {@linkcode recommend}. */
export interface RecommendOptions {
  /** What an event says about what a user likes, by its type. @default { view: 1, search: 1, add_to_cart: 3, purchase: 5 } */
  readonly weights?: Weights;
  /** The time in which what belongs together counts half, in milliseconds of event time. @default 7 days */
  readonly halfLife?: number;
  /** How many products of a user are paired with the next one. @default 6 */
  readonly recents?: number;
  /**
   * After how many further products of a user a product learns of those, ascending: each time of all that it has not
   * learnt of yet. Each is below `recents`, and costs a record through the hop. The event's own product learns of all
   * recent ones with one record. Where users have few events, `[1, 3]` learns sooner. @default [4]
   */
  readonly learnsAfter?: readonly number[];
  /** How many products are kept of those that belong to a product, the best; up to twice as many, to let newcomers in. @default 50 */
  readonly neighbours?: number;
  /** How many of them a user is told of. @default 12 */
  readonly told?: number;
  /** How many products may come to be recommended to a user. @default 24 */
  readonly candidates?: number;
  /** What a candidate's score keeps with each further event of the user, from 0 to 1. @default 0.8 */
  readonly fade?: number;
  /** How many purchases of a user are remembered, the last ones. @default 1000 */
  readonly bought?: number;
  /** How many products a row lists at most. @default 10 */
  readonly listed?: number;
}

/** All rules. */
export type Rules = Required<RecommendOptions>;

const DEFAULTS: Rules = {
  weights: WEIGHTS,
  halfLife: days(7),
  recents: 6,
  learnsAfter: [4],
  neighbours: 50,
  told: 12,
  candidates: 24,
  fade: 0.8,
  bought: 1000,
  listed: 10,
};

/**
 * The rules with their defaults.
 *
 * @throws {RangeError} when a product would learn after it has been forgotten
 */
export function rulesOf(options: RecommendOptions): Rules {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const rules: Rules = { ...DEFAULTS, ...Object.fromEntries(given) };
  const late = rules.learnsAfter.find((after) => after >= rules.recents);
  if (late === undefined) return rules;
  throw new RangeError(
    `Cannot recommend: learnsAfter must be below recents, which is ${rules.recents}, current value is ${late}`,
  );
}
