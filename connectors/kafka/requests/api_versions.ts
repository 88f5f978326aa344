/**
 * ApiVersions: the requests that a broker supports. Version 0, which every broker knows.
 *
 * @module
 */

import { brokerError } from "../errors.ts";
import type { Request } from "../transport.ts";
import { readArray } from "./arrays.ts";

/** The versions of a request that a broker supports. */
export interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** Reads the supported versions, by the number of the request. */
export const apiVersions: Request<ReadonlyMap<number, VersionRange>> = {
  api: 18,
  name: "ApiVersions",
  version: 0,
  write: () => {},
  read(answer) {
    const code = answer.int16();
    if (code !== 0) throw brokerError(code, "a question for what it speaks");
    return new Map(readArray(answer, () => {
      const api = answer.int16();
      return [api, { minVersion: answer.int16(), maxVersion: answer.int16() }] as const;
    }));
  },
};
