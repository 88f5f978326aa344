/** The files of docs/deploy/, parsed. */
import { parseAllDocuments } from "yaml";
import { read } from "./documents.ts";

const FOLDER = "docs/deploy";

/** An environment variable of a container. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

export interface Container {
  readonly image: string;
  readonly env?: readonly Variable[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

/** An object of Kubernetes, as far as it is looked at. */
export interface Manifest {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly spec: {
    readonly serviceName?: string;
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly Container[];
        readonly volumes?: readonly { readonly name: string }[];
        readonly terminationGracePeriodSeconds?: number;
      };
    };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

/** A file of Compose, as far as it is looked at. */
export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

export interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
}

/** The names of the YAML files. */
export function yamlFiles(): string[] {
  return Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).filter((name) => name.endsWith(".yaml")).sort();
}

/** The documents of a file. Throws when it is not YAML. */
export function documentsOf(name: string): unknown[] {
  return parseAllDocuments(read(`${FOLDER}/${name}`)).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS();
  });
}

/** The instructions of the Dockerfile, each with its words. */
export function instructions(): { readonly name: string; readonly words: string }[] {
  return read(`${FOLDER}/Dockerfile`).split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [, name, words] = /^([A-Z]+) (.+)$/.exec(line)!;
    return { name, words };
  });
}

/** The command of the image. */
export function command(): string[] {
  return JSON.parse(instructions().find(({ name }) => name === "CMD")!.words);
}
