/**
 * What goes from stage to stage of the recommender. All of it is plain data, because it goes through hops.
 */
import type { Alike } from "./rules/neighbours.ts";
import type { Learnt, Recent } from "./rules/recents.ts";

/** What is kept of a user before the first hop. */
export interface User {
  /** How many events they have had. */
  readonly count: number;
  /** The products that they have seen last, the last one first. */
  readonly recents: readonly Recent[];
  /** The categories of their last events, the last one first. */
  readonly categories: readonly string[];
}

/** What is kept of a product besides its pairs. With each change of those it is another object. */
export interface Weight {
  /** The decaying sum of what its events weigh; `undefined` where it has none. */
  readonly sum: number | undefined;
}

/** News for a product, on their way to it. */
export interface News extends Learnt {
  /** The event's time, in milliseconds since 1970. */
  readonly time: number;
  /** What is added to the product's own weight. */
  readonly gain: number;
  /** Whose event it was. Of the news of an event those for its own product have it. */
  readonly asked?: Question;
}

/** Who wants to know what belongs to a product. */
export interface Question {
  readonly user_id: string;
  /** How many events the user has had, this one included. */
  readonly event_count: number;
  readonly event_type: string;
  /** The categories of the user's last events, the last one first. */
  readonly categories: readonly string[];
}

/** The answer, on its way back to the user. */
export interface Answer extends Question {
  /** The event's product. */
  readonly product: string;
  /** The other products that the user has seen last. */
  readonly seen: readonly string[];
  readonly alike: Alike;
}
