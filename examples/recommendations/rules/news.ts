/**
 * What one more event of a user says, and to which products it is said.
 */
import type { News, User } from "../messages.ts";
import type { UserEvent } from "../schema.ts";
import { interned } from "./names.ts";
import { type RecentRules, visit } from "./recents.ts";
import { weightOf, type Weights } from "./weights.ts";

/** How many categories of a user are remembered. */
const CATEGORIES = 3;

/** A user without events. */
const NEW_USER: User = { count: 0, recents: [], categories: [] };

/** The rules that are needed here. */
export interface NewsRules extends RecentRules {
  readonly weights: Weights;
}

/**
 * What an event says.
 *
 * @param before the user before the event
 * @returns the user after it, and the news for products. The news for the event's own product come first, and ask
 */
export function newsOf(
  event: UserEvent,
  before: User = NEW_USER,
  rules: NewsRules,
): { readonly user: User; readonly news: readonly News[] } {
  const { event_type, category, timestamp_ms: time } = event;
  const user_id = interned(event.user_id), product = interned(event.product_id);
  const weight = weightOf(event_type, rules.weights);
  const { recents, gain, forward, back } = visit(before.recents, product, weight, rules);
  const count = before.count + 1;
  const categories = [category, ...before.categories.filter((one) => one !== category)].slice(0, CATEGORIES);
  const asked = { user_id, event_count: count, event_type, categories };
  return {
    user: { count, recents, categories },
    news: [{ ...forward, time, gain, asked }, ...back.map((learnt) => ({ ...learnt, time, gain: 0 }))],
  };
}
