/**
 * What the shop's events look like. A record that is not like this goes to the dead-letter topic.
 */
import { z } from "zod";

/** One thing that a user did, when it happened. Fields that a later version of the shop adds pass through. */
export const UserEvent = z.looseObject({
  user_id: z.string(),
  product_id: z.string(),
  category: z.string(),
  event_type: z.string(),
  timestamp_ms: z.int(),
});

/** An event that has passed the schema. */
export type UserEvent = z.infer<typeof UserEvent>;
