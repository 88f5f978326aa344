/**
 * What a person can do on the page besides looking: look up a key, inspect a record, send a dead letter again, stop.
 *
 * @module
 */
import { type RecordPlace, ReplayError, type StoredRecord } from "../runtime/records.ts";
import { type Asked, bodyOf, Refused } from "./asked.ts";
import { LETTERS_SHOWN } from "./limits.ts";
import { shownBytes, shownValue } from "./shown.ts";

/** `GET /api/state/NAME?key&type&window`: the value of a key. */
export function lookUp({ place, rest: name, search }: Asked): Response {
  const state = orNotFound(() => place.job.state(name));
  const note = "As it stands in the memory of this worker. It may be ahead of the last commit";
  const text = search.get("key");
  if (text === null) return Response.json({ state: name, cells: state.size, note });
  const type = search.get("type") ?? "string";
  const window = search.get("window") ?? undefined;
  const value = state.get(keyOf(text, type), window === undefined ? undefined : integerOf("window", window));
  return Response.json({
    ...{ state: name, key: text, type, window, found: value !== undefined, note },
    value: value === undefined ? undefined : shownValue(value, name, place),
  });
}

/** `GET /api/record?topic&partition&offset`: a record as it lies there. */
export async function inspect({ place, search }: Asked): Promise<Response> {
  const { job: { records } } = place;
  const at = placeOf(Object.fromEntries(search));
  const { topic, partition, offset } = at;
  const record = await known(() => records.read(at));
  if (record === undefined) throw new Refused(404, `There is no record at ${topic}/${partition}@${offset}`);
  const { timestamp, key, value, headers } = record;
  const show = (bytes: Uint8Array | null) => shownBytes(bytes, topic, place);
  return Response.json({
    ...{ topic, partition, offset, timestamp, key: show(key), value: show(value) },
    headers: headers.map(([name, bytes]) => ({ name, value: name.startsWith("tidemark.") ? own(bytes) : show(bytes) })),
    ...{ reason: textOf(headers, "tidemark.reason"), stage: textOf(headers, "tidemark.stage") },
    ...{ source: textOf(headers, "tidemark.source"), replayed: await records.replayed(at) },
  });
}

/** What a header of our own says. */
function textOf(headers: StoredRecord["headers"], name: string): string | undefined {
  const bytes = headers.findLast(([own]) => own === name)?.[1];
  return bytes === undefined || bytes === null ? undefined : new TextDecoder().decode(bytes);
}

/** `GET /api/dead-letters?topic&reason&limit`: the newest ones, and how many there are of each reason. */
export async function deadLetters({ place: { job: { records } }, search }: Asked): Promise<Response> {
  const topic = search.get("topic") ?? records.letterTopics[0];
  if (topic === undefined) throw new Refused(404, "This job has no topic for dead letters");
  const reason = search.get("reason");
  const limit = search.has("limit") ? integerOf("limit", search.get("limit")!) : LETTERS_SHOWN;
  const { letters, scanned, complete } = await known(() => records.letters(topic));
  const reasons = [...Map.groupBy(letters, (letter) => letter.reason)].map(([reason, group]) => {
    return { reason, count: group.length, replayed: group.filter(({ replayed }) => replayed !== undefined).length };
  }).sort((a, b) => b.count - a.count);
  const shown = letters.filter((letter) => reason === null || letter.reason === reason).slice(0, limit);
  return Response.json({ topic, scanned, complete, reasons, letters: shown });
}

/** `POST /api/replay`: one dead letter, or a step of all with one reason. */
export async function replay({ place: { job: { records } }, request }: Asked): Promise<Response> {
  const body = await bodyOf(request);
  const { topic, reason, next } = body;
  if (reason === undefined) {
    const { to, once, sentence } = await known(() => records.replay(placeOf(body), { again: body.again === true }));
    return Response.json({ replayed: 1, to, once, sentence });
  }
  if (typeof topic !== "string" || typeof reason !== "string" || !["string", "undefined"].includes(typeof next)) {
    throw new Refused(400, "A replay of many needs a topic and a reason, and next as the last step has given it");
  }
  return Response.json(await known(() => records.replayAll({ topic, reason, next: next as string | undefined })));
}

/** `POST /api/stop`: stops the job as its own program would. */
export async function stop({ place: { job } }: Asked): Promise<Response> {
  await job.stop();
  const { waiting: { epochs } } = await job.details();
  const left = epochs === 0 ? "nothing waits" : `the next start publishes what waits, ${epochs} epochs, exactly once`;
  return Response.json({ stopped: true, sentence: `Job ${job.name} has stopped, and ${left}` });
}

/** A header of our own, which holds no value. */
function own(bytes: Uint8Array | null): unknown {
  return shownBytes(bytes, "", { values: "show", redact: (value) => value });
}

/** The place that a request names. */
function placeOf({ topic, partition, offset }: Readonly<Record<string, unknown>>): RecordPlace {
  if (typeof topic !== "string") throw new Refused(400, "The request must name a topic");
  return { topic, partition: integerOf("partition", partition), offset: integerOf("offset", offset) };
}

function integerOf(name: string, value: unknown): number {
  const number = typeof value === "string" && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw new Refused(400, `${name} must be an integer, current value is ${JSON.stringify(value) ?? "missing"}`);
}

/** A key as its type says. */
function keyOf(text: string, type: string): string | number | bigint | boolean {
  switch (type) {
    case "string":
      return text;
    case "number":
      if (text.trim() !== "" && !Number.isNaN(Number(text))) return Number(text);
      break;
    case "bigint":
      if (/^-?\d+$/.test(text)) return BigInt(text);
      break;
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      break;
    default:
      throw new Refused(
        400,
        `type must be string, number, bigint or boolean, current value is ${JSON.stringify(type)}`,
      );
  }
  throw new Refused(400, `The key ${JSON.stringify(text)} is no ${type}`);
}

function orNotFound<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(404, error.message);
    throw error;
  }
}

/** What the job refuses, as an answer. */
async function known<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ReplayError) throw new Refused(409, error.message);
    if (error instanceof RangeError) throw new Refused(404, error.message);
    throw error;
  }
}
