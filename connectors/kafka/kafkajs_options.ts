/**
 * Converts the connector's options to those of kafkajs.
 *
 * @module
 */

import { AUTHENTICATION_TIMEOUT, CONNECTION_TIMEOUT, REQUEST_TIMEOUT } from "./limits.ts";
import type { KafkaClientOptions } from "./options.ts";

/** The options of a kafkajs connection, without its address. */
export interface KafkaJsOptions {
  readonly ssl: object | null;
  readonly sasl: object | null;
  readonly clientId: string;
  readonly connectionTimeout: number;
  readonly authenticationTimeout: number;
  readonly requestTimeout: number;
}

/** Converts the connector's options to those of kafkajs. */
export function toKafkaJsOptions(
  { ssl = false, sasl, clientId = "tidemark", ...times }: KafkaClientOptions,
): KafkaJsOptions {
  return {
    ssl: ssl === false ? null : ssl === true ? {} : { ...ssl },
    sasl: sasl === undefined ? null : toKafkaJsLogin(sasl),
    clientId,
    connectionTimeout: times.connectionTimeout ?? CONNECTION_TIMEOUT,
    authenticationTimeout: times.authenticationTimeout ?? AUTHENTICATION_TIMEOUT,
    requestTimeout: times.requestTimeout ?? REQUEST_TIMEOUT,
  };
}

function toKafkaJsLogin(sasl: NonNullable<KafkaClientOptions["sasl"]>): object {
  if (sasl.mechanism !== "oauthbearer") return { ...sasl };
  const { token } = sasl;
  return { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: await token() }) };
}
