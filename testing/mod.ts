/**
 * Tools to test your own pipelines without a broker and without waiting. `testPipeline` pushes records, moves the clock
 * and reads results. `crashTest` runs a pipeline through crashes and finds state that is in no checkpoint.
 *
 * The `deno lint` plugin that finds operators with such state is in `@tidemark/streams/testing/lint`.
 *
 * @module
 */
export { crashTest, type CrashTestOptions, type CrashTestRecord, type CrashTestReport } from "./crash.ts";
export { type CrashDifference, CrashTestError } from "./crash_test_error.ts";
export { type ReadOptions, TestPipeline, testPipeline, type TestPipelineOptions } from "./test_pipeline.ts";
export type { JobOptions, Pipelines } from "./_life.ts";
export type { TestRecord } from "./_records.ts";
export type { TestRow } from "./_tables.ts";
export type { Partitions, PushedRecord } from "./_world.ts";
