/**
 * Errors for a pipeline that is built wrongly. Each names the stage, says what would go wrong, and what to write
 * instead.
 *
 * @module
 */

/** A value arrived after the push that it belongs to. */
export class AsynchronousStageError extends TypeError {
  override name = "AsynchronousStageError";
}

export function asynchronous(label: string): Error {
  return new AsynchronousStageError(
    `A value reached ${label} after its push was over: an asynchronous operator (delay, observeOn, mergeMap of a promise ...) stands ` +
      `between the source and this stage, so the value lies outside of its epoch and offsets beyond it may have been committed. ` +
      `Use synchronous operators only between a source and a stateful stage or sink, and call asynchronous services with asyncMap()`,
  );
}

export function stillOpen(): Error {
  return new AsynchronousStageError(
    `It did not end with its input: an asynchronous operator (delay, observeOn, mergeMap of a promise ...) holds values back, which would ` +
      `lie outside of their epoch, or merge() with a stream that is no source of the job keeps it open. Use synchronous operators ` +
      `only, asyncMap() to call asynchronous services, and sources of the job`,
  );
}

export function valueWhileBinding(label: string): Error {
  return new TypeError(
    `A value reached ${label} while the pipeline was being subscribed: of(), from() or startWith() beside or above this stage has no ` +
      `offset and would be pushed again at each start. Write such values to a topic and merge its source`,
  );
}

export function completedEarly(label: string): Error {
  return new TypeError(
    `The stream into ${label} ended before its input did: take(), takeUntil(), first(), retry() or catchError(() => EMPTY) ended it, and offsets ` +
      `would go on without the pipeline. Use filter() to pass values over, and job.stop() or the signal option to end a job`,
  );
}

export function subscribedLater(label: string): Error {
  return new TypeError(
    `${label} was subscribed after the pipeline had been bound: concat(), retry(), repeat() or defer() subscribes its source later, when ` +
      `no stage below can attach to it. Use merge(), and let the job restart from its checkpoint instead of retry()`,
  );
}

export function subscribedInsidePush(label: string): Error {
  return new TypeError(
    `${label} was subscribed while a record was being pushed, inside mergeMap(), switchMap(), catchError() or a subscriber: its state would be in no ` +
      `checkpoint. Put it directly into the pipe, with the key option in place of an inner stream for each key`,
  );
}

export function secondHop(label: string): Error {
  return new TypeError(
    `Cannot run ${label}: another repartition() has this name already, and both would use one topic; give one of them another name. ` +
      `To use one hop in several pipelines, keep what it returns in a variable and pipe from that`,
  );
}

export function watermarkBelowHop(label: string, hop: string): Error {
  return new TypeError(
    `Cannot run ${label}: ${hop} above it brings the watermark of its senders, and a second one would see the interleaved records of ` +
      `several senders as one partition. Remove it, or put the watermark() above the repartition()`,
  );
}

export function noSource(label: string): Error {
  return new TypeError(
    `Cannot run ${label}: no source of the job was subscribed above it. share(), connectable() or a Subject hides the source from ` +
      `every task but the first (remove it: a job shares its sources by itself), and timer() or interval() has no offsets`,
  );
}

export function countedByEachTask(label: string, topic: string): Error {
  return new TypeError(
    `Cannot run ${label}: every task reads all of the topic "${topic}" (broadcast: true), so each of its records would count and ` +
      `have results once a task. Only the table of a tableJoin() or broadcastJoin() may stand on such a topic. Read it without ` +
      `broadcast: true where each record is to count once`,
  );
}

export function notWhole(label: string, topic: string): Error {
  return new TypeError(
    `Cannot run ${label}: each task reads its own partition of the topic "${topic}" only, and would know a part of the rules. Read ` +
      `them with broadcast: true, or run the job with tasks: "single"`,
  );
}

export function noWatermark(label: string): Error {
  return new TypeError(
    `Cannot run ${label}: it would never fire, because no watermark() stands above it. Put eventTime(...) and ` +
      `watermark({ maxOutOfOrderness }) above it, and remove a share() or connect() between the two`,
  );
}

export function unwatermarkedBranch(label: string, branches: readonly string[]): Error {
  return new TypeError(
    `Cannot run ${label}: the branch from ${
      branches.map((name) => `"${name}"`).join(", ")
    } has no watermark(), so the clock would ignore ` +
      `it. Each branch of a merge() needs its own watermark() before the merge`,
  );
}

export function noWindow(label: string): Error {
  return new TypeError(
    `Cannot run ${label}: no window stands directly above it, so nothing is ever late. Put it right after tumblingWindow(...), with ` +
      `synchronous operators such as map() between the two at most`,
  );
}

export function noEventTime(label: string): Error {
  return new TypeError(
    `A value without event time reached ${label}: put eventTime((value) => value.timestamp) above it`,
  );
}

export function contextOver(label: string): Error {
  return new AsynchronousStageError(
    `The context of ${label} was used after its function had returned: a promise, a timeout or a callback kept it, and its effects would lie ` +
      `outside of their epoch. Use it only until the function returns`,
  );
}

export function asynchronousFunction(label: string, name: string): Error {
  return new AsynchronousStageError(
    `The function "${name}" of ${label} returned a promise: what it does later would lie outside of its epoch. Make it synchronous, and ` +
      `call asynchronous services with asyncMap()`,
  );
}
