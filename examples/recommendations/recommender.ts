/**
 * The recommender: item-based collaborative filtering on the stream, after TencentRec (Huang, Cui, Zhang, Jiang and Xu,
 * SIGMOD 2015). `docs/recommendations.md` explains its rules. They are pure functions in `rules/`.
 */
import { map as each, type Observable } from "rxjs";
import { broadcastJoin, keyedProcess, map, repartition, type TableChange, typed, value } from "@tidemark/streams";
import type { Answer, News, User, Weight } from "./messages.ts";
import { type RecommendOptions, type Rules, rulesOf } from "./options.ts";
import type { Recommended } from "./recommended.ts";
import { addCandidates, type Candidates, list, oldest, type Trending } from "./rules/candidates.ts";
import { addDecaying } from "./rules/decay.ts";
import { Best, BestLists } from "./rules/best.ts";
import { forgotten } from "./rules/neighbours.ts";
import { interned } from "./rules/names.ts";
import { newsOf } from "./rules/news.ts";
import { messageReader, type Packed, packed, type Sent, Texts } from "./rules/packed.ts";
import { type Trend, trendsFor } from "./rules/trends.ts";
import { PURCHASE } from "./rules/weights.ts";
import type { UserEvent } from "./schema.ts";

/** How many users are remembered with what is kept of them, besides its text. */
const USERS = 10_000;

/** An answer, with what trends where the user looks. */
interface Filled {
  readonly answer: Answer;
  readonly filling: readonly (readonly Trending[])[];
}

/** The rules, and how messages go through the hops. */
export interface HopOptions extends RecommendOptions {
  /**
   * Whether values pass through the hops within one task, without a topic. Then no texts are made of them. With any value the
   * rows are the same.
   *
   * @default false
   */
  readonly passing?: boolean;
}

/** Options of {@linkcode recommend}: the rules, and what trends, which fills up lists that are too short. */
export interface Recommending extends HopOptions {
  readonly trends?: Observable<TableChange<string, Trend>>;
}

/** A row, and whether it is newer than all rows of its user before it. */
export interface Made {
  readonly row: Recommended;
  readonly newest: boolean;
}

/**
 * What to recommend to a user after each of their events: one row an event.
 *
 * Rows of one user may come out of order when two of their events are under way at once, because they go by different
 * products: {@linkcode latestOfUser} passes the newest ones, and {@linkcode recommendations} tells them.
 *
 * @param events the events of a shop, of one user in their order
 */
export function recommend(events: Observable<UserEvent>, options: Recommending = {}): Observable<Recommended> {
  return recommendations(newsByProduct(events, options), options).pipe(each(({ row }) => row));
}

/**
 * What each event says, with its product: pairs of products, and the question what belongs to them. Recommendations and
 * what trends both go by it, so each event crosses one hop for both.
 *
 * @param events the events of a shop, of one user in their order
 */
export function newsByProduct(
  events: Observable<UserEvent>,
  { passing = false, ...options }: HopOptions = {},
): Observable<News> {
  return events.pipe(
    recentProducts(rulesOf(options), passing),
    repartition({ name: "by-product", key: ([product]) => product }),
    each(messageReader<News>()),
  );
}

/** What {@linkcode recommend} gives, from the news of products, with the word which rows are the newest. */
export function recommendations(
  news: Observable<News>,
  { trends, passing = false, ...options }: Recommending = {},
): Observable<Made> {
  const rules = rulesOf(options);
  return news.pipe(
    neighbours(rules, passing),
    repartition({ name: "by-user", key: ([user]) => user }),
    each(messageReader<Answer>()),
    trends === undefined
      ? each((answer) => ({ answer, filling: [] }))
      : broadcastJoin(trends, { name: "trends", join: (answer, all) => ({ answer, filling: trendsFor(answer, all) }) }),
    candidates(rules),
  );
}

/** Counts the events of each user, pairs their products with those before, and asks what belongs to them. */
function recentProducts(rules: Rules, passing: boolean) {
  const users = new Texts<User>(USERS);
  return keyedProcess({
    name: "recent-products",
    key: (event: UserEvent) => event.user_id,
    state: { user: value<Packed<User>>() },
    emits: typed<Sent<News>>(),
    next(event, { state, emit }) {
      const { user_id } = event;
      const { user, news } = newsOf(event, users.unpacked(user_id, state.user.get()), rules);
      state.user.set(users.packed(user_id, user));
      for (const one of news) emit([one.product, passing ? one : packed(one)]);
    },
  });
}

/** Keeps how strongly products belong to a product, and answers with the best of them. */
function neighbours({ halfLife, neighbours: kept, told }: Rules, passing: boolean) {
  const lists = new BestLists(told);
  return keyedProcess({
    name: "neighbours",
    key: (news: News) => news.product,
    state: {
      // Its first version was the sum alone.
      weight: value<Weight>({ values: "frozen", version: 2, migrate: (sum) => ({ sum: sum as number }) }),
      pairs: map<string, number>(),
    },
    emits: typed<Sent<Answer>>(),
    next({ product, time, gain, others, pairs, asked }, { state, emit }) {
      const age = time / halfLife;
      let weight = state.weight.get();
      let best = lists.take(product, weight, state.pairs);
      let changed = gain > 0;
      const sum = changed ? addDecaying(weight?.sum, gain, age) : weight?.sum;
      for (let at = 0; at < others.length; at++) {
        if (pairs[at] <= 0) continue;
        const other = interned(others[at]);
        const pair = addDecaying(state.pairs.get(other), pairs[at], age);
        state.pairs.set(other, pair);
        best.raise(other, pair);
        changed = true;
      }
      if (state.pairs.size > 2 * kept) {
        for (const other of forgotten(state.pairs.entries(), kept)) state.pairs.delete(other);
        if (kept < told) best = new Best(state.pairs, told);
      }
      // A change of anything gives the product a new weight object, by which the list of its best is known.
      if (changed) state.weight.set(weight = { sum });
      if (weight !== undefined) lists.keep(product, weight, best);
      if (asked === undefined) return;
      const answer = { ...asked, product, seen: others, alike: best.alike(sum ?? age) };
      emit([asked.user_id, passing ? answer : packed(answer)]);
    },
  });
}

/** Keeps what may be recommended to a user, and makes the rows. */
function candidates({ candidates: most, fade, bought, listed }: Rules) {
  const users = new Texts<Candidates>(USERS);
  return keyedProcess({
    name: "candidates",
    key: ({ answer }: Filled) => answer.user_id,
    state: { candidates: value<Packed<Candidates>>(), bought: map<string, number>() },
    emits: typed<Made>(),
    next({ answer, filling }, { state, emit }) {
      const { user_id, event_count, event_type, product, seen, alike } = answer;
      if (event_type === PURCHASE) {
        state.bought.set(product, event_count);
        if (state.bought.size > bought) state.bought.delete(oldest(state.bought.entries()));
      }
      const before = users.unpacked(user_id, state.candidates.get());
      const had = (name: string) => state.bought.has(name);
      const all = addCandidates(before, { event_count, product, alike, seen, bought: had }, { fade, most });
      state.candidates.set(users.packed(user_id, all));
      const without = (name: string) => name === product || seen.includes(name) || had(name);
      const row = { user_id, event_count, recommendations: list(all, filling, { without, most: listed }) };
      emit({ row, newest: before === undefined || event_count > before.count });
    },
  });
}

/** Of the rows of a user, those that are newer than all before them. For a table with the latest row of each user. */
export function latestOfUser(rows: Observable<Recommended>): Observable<Recommended> {
  return rows.pipe(
    keyedProcess({
      name: "latest-of-user",
      key: (row) => row.user_id,
      state: { count: value<number>() },
      emits: typed<Recommended>(),
      next(row, { state, emit }) {
        if (row.event_count <= (state.count.get() ?? 0)) return;
        state.count.set(row.event_count);
        emit(row);
      },
    }),
  );
}
