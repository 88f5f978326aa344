/** The records of the topics `orders` and `payments`, checked when they are read. */
import { z } from "zod";

/** A row of the topic `orders`: what a customer has ordered. */
export const Order = z.object({
  order_id: z.string().min(1),
  customer: z.string().min(1),
  cents: z.int().positive(),
  placed_ms: z.int(),
});

/** A row of the topic `payments`. */
export const Payment = z.object({
  payment_id: z.string().min(1),
  order_id: z.string().min(1),
  cents: z.int().positive(),
  paid_ms: z.int(),
});

export type Order = z.infer<typeof Order>;
export type Payment = z.infer<typeof Payment>;
