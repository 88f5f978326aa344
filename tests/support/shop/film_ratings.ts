/**
 * Ratings as those of films by the users of a web page, by a seed: lines `user<TAB>item<TAB>rating<TAB>seconds`.
 *
 * A film has one or two kinds, and few films are rated by many (Zipf's law). A user comes once, or comes back days
 * later, and rates each film at most once. They go kind by kind, those that they like more often, and take the films of
 * a kind by their popularity. Users come over seven months.
 */
import { randomOf } from "../../../examples/random.ts";

const KINDS = 36;
/** How many films in a row a user takes from one kind, on average. */
const IN_A_ROW = 6;
/** The share of ratings of any film, whatever its kind. */
const ANY = 0.25;
const BEGAN = 874_724_710, DAY = 86_400;
const SPAN = 215 * DAY;

/** How many there are. */
export interface Size {
  readonly users: number;
  readonly films: number;
  readonly ratings: number;
}

/** The lines of the ratings, in no particular order. */
export function filmRatings(seed: number, { users, films, ratings }: Size): string[] {
  const kinds = kindsOf(seed, films);
  const lines: string[] = [];
  for (let user = 0; user < users; user++) {
    const random = randomOf(seed + 1, user);
    // Numbers of ratings are skewed: half of the users have less than two thirds of the mean.
    const own = Math.round(ratings / users * -Math.log(1 - random()));
    lines.push(...ratingsOf(user, { own: Math.min(Math.max(own, 5), films / 2), kinds, films, random }));
  }
  return lines;
}

/** The films of each kind, the most popular first. Films are numbered by their popularity. */
function kindsOf(seed: number, films: number): number[][] {
  const kinds: number[][] = Array.from({ length: KINDS }, () => []);
  for (let film = 0; film < films; film++) {
    const random = randomOf(seed, film);
    const many = 1 + Math.floor(random() * 2);
    const own = new Set(Array.from({ length: many }, () => Math.floor(random() * KINDS)));
    for (const kind of own) kinds[kind].push(film);
  }
  return kinds;
}

interface Visit {
  readonly own: number;
  readonly kinds: readonly number[][];
  readonly films: number;
  readonly random: () => number;
}

function ratingsOf(user: number, { own, kinds, films, random }: Visit): string[] {
  const liked = Array.from({ length: KINDS }, () => random() ** 4);
  const rated = new Set<number>();
  const lines: string[] = [];
  let seconds = BEGAN + Math.floor(random() * SPAN), kind = 0;
  while (rated.size < own) {
    if (rated.size === 0 || random() < 1 / IN_A_ROW) kind = drawn(liked, random());
    if (random() < 0.01) seconds += Math.floor(random() * 10 * DAY);
    const shelf = kinds[kind];
    const film = random() < ANY || shelf.length === 0 ? zipf(films, random()) : shelf[zipf(shelf.length, random())];
    seconds += Math.floor(random() * 20);
    if (rated.has(film)) continue;
    rated.add(film);
    lines.push(`${user + 1}\t${film + 1}\t${1 + Math.floor(random() * 5)}\t${seconds}`);
  }
  return lines;
}

/** The index of a weight, drawn by the weights. */
function drawn(weights: readonly number[], uniform: number): number {
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(0, weights.findIndex((weight) => (left -= weight) < 0));
}

/** A rank from 0 to less than `count`, the first ones flatter than by Zipf's law. */
function zipf(count: number, uniform: number): number {
  return Math.min(count - 1, Math.floor(((count / 5 + 1) ** uniform - 1) * 5));
}
