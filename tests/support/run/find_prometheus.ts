/**
 * Prometheus and its tool for tests of metrics: those on the PATH; none is fetched.
 *
 * It imports nothing that needs `@std`, for the program that runs the tests has no stand-ins for it yet.
 */
import { type Finding, findProgram } from "./find_program.ts";

/** Whether there is a Prometheus, with its tool. */
export type PrometheusFinding = Finding & { readonly tool?: string };

/** Finds the Prometheus for the tests. */
export function findPrometheus(): PrometheusFinding {
  const found = findProgram("prometheus");
  const tool = findProgram("promtool");
  if (!tool.ok) return tool;
  return found.ok ? { ...found, tool: tool.path } : found;
}
