/**
 * The schema of the shop's events. A record that does not match it goes to the dead-letter topic.
 */
import { z } from "zod";

/** One action of a user, with its time. Additional fields, such as those of a later version of the shop, are kept. */
export const UserEvent = z.looseObject({
  user_id: z.string(),
  product_id: z.string(),
  category: z.string(),
  event_type: z.string(),
  timestamp_ms: z.int(),
});

/** An event that has passed the schema. */
export type UserEvent = z.infer<typeof UserEvent>;
