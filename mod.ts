/**
 * Tidemark: a reactive stream toolkit for Deno. Pipelines are RxJS operators, results are exactly once.
 *
 * @module
 */
export * from "./operators/mod.ts";
