/**
 * What the doctor finds.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly result: "ok" | "warn" | "fail";
  /** What was found. */
  readonly found: string;
  /** What to do; absent when there is nothing to do. */
  readonly fix?: string;
}

/** Runs a check. One that throws has failed. */
export async function examined(
  check: string,
  look: () => Promise<readonly Finding[]> | readonly Finding[],
  fix?: string,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [{ check, result: "fail", found: messageOf(error), fix }];
  }
}
