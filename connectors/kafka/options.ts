/**
 * Options of the connections to Kafka. They do not depend on the client: its driver files convert them.
 *
 * @module
 */

/** TLS. Certificates and keys are text in PEM form. */
export interface KafkaTls {
  /** Certificate authorities to trust. @default those of the system */
  readonly ca?: string | readonly string[];
  /** The certificate of this client, if the broker requires one. */
  readonly cert?: string;
  /** The private key of `cert`. */
  readonly key?: string;
  /** The passphrase of `key`. */
  readonly passphrase?: string;
  /** The name that the broker's certificate must have. @default the host of its address */
  readonly servername?: string;
  /** Whether a broker with an untrusted certificate is refused. Use `false` in tests only. @default true */
  readonly rejectUnauthorized?: boolean;
}

/** A login by user and password. */
export interface KafkaPasswordLogin {
  /** Kafka's name of the login mechanism. */
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  /** The user. */
  readonly username: string;
  /** The user's password. */
  readonly password: string;
}

/** A login by a token. */
export interface KafkaTokenLogin {
  /** Kafka's name of the login mechanism. */
  readonly mechanism: "oauthbearer";
  /** Returns a token that is valid now. Called for each connection, and again before a session ends. */
  readonly token: () => Promise<string>;
}

/** Options of the connections to the brokers. */
export interface KafkaClientOptions {
  /** TLS; `true` trusts the system's certificate authorities. @default false */
  readonly ssl?: boolean | KafkaTls;
  /** The login. @default none */
  readonly sasl?: KafkaPasswordLogin | KafkaTokenLogin;
  /** The name of this client in the brokers' logs, metrics and quotas. @default `tidemark-<job>` */
  readonly clientId?: string;
  /** How long opening a connection may take, TLS included, in milliseconds. @default 3000 */
  readonly connectionTimeout?: number;
  /** How long a broker may take to tell its versions and to accept the login, in milliseconds. @default 10,000 */
  readonly authenticationTimeout?: number;
  /**
   * How long to wait for an answer, beyond the time that the request allows the broker, in milliseconds.
   *
   * @default 30,000
   */
  readonly requestTimeout?: number;
}

type Check = (value: unknown, name: string) => void;

const text: Check = (value, name) => {
  if (typeof value !== "string" || value === "") refuse(name, "must be a text that is not empty", value);
};
const milliseconds: Check = (value, name) => {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 2 ** 31 - 1) return;
  throw new RangeError(
    `Cannot use Kafka: client.${name} must be a whole number of milliseconds from 1 to ${2 ** 31 - 1}, ` +
      `current value is ${show(value)}`,
  );
};
const yesOrNo: Check = (value, name) => {
  if (typeof value !== "boolean") refuse(name, "must be true or false", value);
};
const texts: Check = (value, name) => {
  for (const one of Array.isArray(value) ? value : [value]) text(one, name);
};
const asFunction: Check = (value, name) => {
  if (typeof value !== "function") refuse(name, "must be a function that gives a token", value);
};

const TLS: Readonly<Record<string, Check>> = {
  ca: texts,
  cert: text,
  key: text,
  passphrase: text,
  servername: text,
  rejectUnauthorized: yesOrNo,
};
const PASSWORD: Readonly<Record<string, Check>> = { mechanism: text, username: text, password: text };
const LOGINS = new Map<unknown, Readonly<Record<string, Check>>>([
  ["plain", PASSWORD],
  ["scram-sha-256", PASSWORD],
  ["scram-sha-512", PASSWORD],
  ["oauthbearer", { mechanism: text, token: asFunction }],
]);
const CLIENT: Readonly<Record<string, Check>> = {
  ssl(value) {
    if (typeof value !== "boolean") checkAll(value, "ssl", TLS);
  },
  sasl(value) {
    const mechanism = typeof value === "object" && value !== null
      ? (value as { mechanism?: unknown }).mechanism
      : value;
    const login = LOGINS.get(mechanism);
    if (login === undefined) refuse("sasl.mechanism", `must be one of ${[...LOGINS.keys()].join(", ")}`, mechanism);
    checkAll(value, "sasl", login);
    for (const name of Object.keys(login)) login[name]((value as Record<string, unknown>)[name], `sasl.${name}`);
  },
  clientId: text,
  connectionTimeout: milliseconds,
  authenticationTimeout: milliseconds,
  requestTimeout: milliseconds,
};

/**
 * Refuses options that would be misunderstood or ignored.
 *
 * @throws {TypeError} when an option is unknown or of a wrong type
 * @throws {RangeError} when a time is no whole number of milliseconds
 */
export function checkClientOptions(options: KafkaClientOptions): void {
  checkAll(options, "", CLIENT);
}

function checkAll(options: unknown, of: string, known: Readonly<Record<string, Check>>): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    refuse(of, `must be an object with ${Object.keys(known).join(", ")}`, options);
  }
  for (const [name, value] of Object.entries(options)) {
    const full = of === "" ? name : `${of}.${name}`;
    if (!Object.hasOwn(known, name)) {
      throw new TypeError(
        `Cannot use Kafka: there is no option client.${full}; there are ${Object.keys(known).join(", ")}`,
      );
    }
    if (value !== undefined) known[name](value, full);
  }
}

function refuse(name: string, must: string, value: unknown): never {
  throw new TypeError(`Cannot use Kafka: client${name && `.${name}`} ${must}, current value is ${show(value)}`);
}

/** Shows a value in a message. A string is not shown, since it may be a password. */
function show(value: unknown): string {
  if (typeof value === "string") return value === "" ? '""' : "a text";
  return typeof value === "number" || typeof value === "boolean" || value === null || value === undefined
    ? String(value)
    : `of type ${Array.isArray(value) ? "array" : typeof value}`;
}
