/** The pipeline: what it reads, its stages, and what it writes, each with its rate. */
import { html } from "../preact.js";
import { rate } from "../format.js";

/** The pipeline as a list: for narrow screens and for screen readers. */
export function Pipeline({ details, history, topology }) {
  if (topology === undefined) return null;
  return null;
}
