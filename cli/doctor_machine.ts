/**
 * The doctor looks at this machine: Deno, its KV, permissions, the state file.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { KvStore } from "../state/mod.ts";
import type { Finding } from "./finding.ts";
import { isFile } from "./place.ts";

/** The oldest Deno that is supported. */
const LEAST = [2, 9] as const;

/** Deno itself. */
export function denoOf(version: string): Finding[] {
  const [major, minor] = version.split(".").map(Number);
  const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]);
  const fix = isOld ? "Install a newer one: deno upgrade" : undefined;
  return [{ check: "Deno", result: isOld ? "fail" : "ok", found: version, fix }];
}

/** Deno KV. */
export async function kvOf(clock: Clock): Promise<Finding[]> {
  const store = await KvStore.open(":memory:", clock);
  store.close();
  return [{ check: "Deno KV", result: "ok", found: "switched on" }];
}

/** Permissions that jobs and commands need for this state and these brokers. */
export async function permissionsOf(state: string | undefined, brokers: string | undefined): Promise<Finding[]> {
  const wanted: { readonly descriptor: Deno.PermissionDescriptor; readonly flag: string }[] = [];
  if (state !== undefined && isFile(state)) {
    wanted.push({ descriptor: { name: "read", path: state }, flag: `--allow-read=${state}` });
    wanted.push({ descriptor: { name: "write", path: state }, flag: `--allow-write=${state}` });
  }
  for (const host of brokers === undefined ? [] : brokers.split(",").map((broker) => broker.trim())) {
    wanted.push({ descriptor: { name: "net", host }, flag: `--allow-net=${host}` });
  }
  if (brokers !== undefined) {
    wanted.push({ descriptor: { name: "env", variable: "KAFKAJS_LOG_LEVEL" }, flag: "--allow-env" });
  }
  const findings: Finding[] = [];
  for (const { descriptor, flag } of wanted) {
    const { state } = await Deno.permissions.query(descriptor);
    const isGranted = state === "granted";
    findings.push({
      ...{ check: `permission ${flag}`, result: isGranted ? "ok" : "warn", found: state },
      fix: isGranted ? undefined : `Run with ${flag}`,
    });
  }
  return findings;
}

/** The state file: how large it is. */
export async function fileOf(state: string): Promise<Finding[]> {
  if (!isFile(state)) return [{ check: "state", result: "ok", found: `${state}, a server` }];
  const { size, isFile: isPlain } = await Deno.stat(state);
  if (isPlain) return [{ check: "state", result: "ok", found: `${state}, ${size} bytes` }];
  return [{ check: "state", result: "fail", found: `${state} is no file`, fix: "Name the file with --state" }];
}
