/** The files of docs/deploy/ fit together, and the program in them runs as they start it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { kafka } from "@tidemark/streams/kafka";
import { read } from "./support/documents.ts";
import { freePort } from "./support/broker/ports.ts";
import { ignore, ownCluster } from "./support/faults/own_cluster.ts";
import { first, scratch } from "./support/jobs.ts";
import { clientOf, makeTopic } from "./support/kafka_clients.ts";
import {
  command,
  type Compose,
  type Container,
  documentsOf,
  instructions,
  type Manifest,
  yamlFiles,
} from "./support/manifests.ts";

const PROGRAM = read("docs/deploy/main.ts");
const TOKEN = "0123456789abcdef0123456789abcdef";
/** The variables that the program reads, and the one that Deno KV reads. */
const VARIABLES = [
  ...[...PROGRAM.matchAll(/(?:setting|env\.get)\("(\w+)"\)/g)].map(([, name]) => name),
  "DENO_KV_ACCESS_TOKEN",
];

const MANIFESTS = yamlFiles().filter((name) => name.startsWith("kubernetes")).map((name) => ({
  name,
  text: read(`docs/deploy/${name}`),
  objects: documentsOf(name) as Manifest[],
}));

function containers(objects: readonly Manifest[]): Container[] {
  return objects.flatMap(({ spec }) => spec.template?.spec.containers ?? []);
}

const isWorker = ({ image }: Container) => image.startsWith("tidemark");

describe("the files for Kubernetes", () => {
  for (const { name, text, objects } of MANIFESTS) {
    it(`have a kind, a version and a name for each object: ${name}`, () => {
      assert(objects.length >= 2, `${objects.length} objects`);
      const poor = objects.filter(({ apiVersion, kind, metadata }) => !apiVersion || !kind || !metadata?.name);
      assertEquals(poor, []);
    });

    it(`select the pods that they make, and mount the volumes that they claim: ${name}`, () => {
      const services = objects.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata!.name);
      for (const { spec: { selector, serviceName, template, volumeClaimTemplates = [] } } of objects) {
        if (template === undefined) continue;
        assertEquals(selector.matchLabels, template.metadata.labels);
        if (serviceName !== undefined) assert(services.includes(serviceName), serviceName);
        const volumes = [...volumeClaimTemplates.map(({ metadata }) => metadata), ...template.spec.volumes ?? []];
        const mounted = template.spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
        assertEquals(mounted.map(({ name }) => name), volumes.map(({ name }) => name));
      }
    });

    it(`give the program the variables that it reads, and name only secrets that their first lines make: ${name}`, () => {
      for (const { env = [] } of containers(objects).filter(isWorker)) {
        const names = env.map(({ name }) => name);
        assertEquals(names.filter((name) => !VARIABLES.includes(name)), []);
        assertEquals(["KAFKA_BROKERS", "STATE"].filter((name) => !names.includes(name)), []);
      }
      for (const { valueFrom } of containers(objects).flatMap(({ env = [] }) => env)) {
        const secret = valueFrom?.secretKeyRef;
        if (secret === undefined) continue;
        assertStringIncludes(text, `kubectl create secret generic ${secret.name} --from-literal=${secret.key}=`);
      }
    });

    it(`ask the probes of the page on its port, and leave a job the time to stop: ${name}`, () => {
      for (const worker of containers(objects).filter(isWorker)) {
        const ports = new Map(worker.ports!.map(({ name, containerPort }) => [name, containerPort]));
        assertEquals(worker.livenessProbe!.httpGet.path, "/livez");
        assertEquals(worker.readinessProbe!.httpGet.path, "/readyz");
        for (const { httpGet: { port } } of [worker.livenessProbe!, worker.readinessProbe!]) {
          assertEquals(ports.get(port), 8321);
        }
      }
      const grace = objects.flatMap(({ spec }) => spec.template?.spec.terminationGracePeriodSeconds ?? []);
      assert(grace.length > 0 && grace.every((seconds) => seconds > 10), `${grace}`);
    });
  }
});

describe("the file for Compose", () => {
  const [{ services, volumes = {} }] = documentsOf("compose.yaml") as [Compose];

  it("names only services, volumes and a Dockerfile that there are, and variables that the program reads", () => {
    for (const { depends_on = {}, volumes: mounts = [], build } of Object.values(services)) {
      assertEquals(Object.keys(depends_on).filter((name) => !Object.hasOwn(services, name)), []);
      assertEquals(mounts.map((mount) => mount.split(":")[0]).filter((name) => !Object.hasOwn(volumes, name)), []);
      if (build === undefined) continue;
      assert(Deno.statSync(`docs/deploy/${build.context}/${build.dockerfile}`).isFile);
    }
    const names = Object.keys(services.worker.environment!);
    assertEquals(names.filter((name) => !VARIABLES.includes(name)), []);
    assertMatch(services.worker.stop_grace_period!, /^[3-9]\ds$/);
  });

  it("makes each topic that the program reads or writes", () => {
    const topics = [...PROGRAM.matchAll(/broker\.(?:source<\w+>|sink)\("(\w+)"/g)].map(([, topic]) => topic);
    assert(topics.length >= 3, `${topics}`);
    const made = /for topic in ([^;]+);/.exec(read("docs/deploy/compose.yaml"))![1].split(" ");
    assertEquals(topics.sort(), made.sort());
  });
});

describe("the Dockerfile", () => {
  it("has the Deno that CI tests with, and files that there are", () => {
    const [{ name, words }] = instructions();
    assertEquals(name, "FROM");
    assertEquals(words, `denoland/deno:${/DENO_VERSION="([^"]+)"/.exec(read(".ci/run"))![1]}`);
    const files = instructions().flatMap(({ words }) => words.match(/docs\/[\w./]+/g) ?? []);
    assertEquals(files, ["docs/deploy/main.ts", "docs/deploy/main.ts"]);
    assert(Deno.statSync(files[0]).isFile);
  });

  it("starts a worker that counts, and ends with code 0 when it is told to", {
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
  }, async () => {
    await using broker = await ownCluster({ port: freePort() });
    const port = freePort();
    await using folder = await scratch();
    for (const topic of ["user_events", "user_activity", "user_events_late"]) {
      await makeTopic(broker.brokers, topic, { partitions: 1 });
    }
    const producer = clientOf(broker.brokers).producer();
    await producer.connect();
    const at = Date.now() - 3_600_000;
    const events = [0, 1000, 900_000].map((after) => ({ user_id: "ada", timestamp_ms: at + after }));
    await producer.send({
      topic: "user_events",
      messages: events.map((event) => ({ key: "ada", value: JSON.stringify(event) })),
    });
    await producer.disconnect();

    const [deno, ...args] = command().map((word) => word.replace("=/state", `=${folder.path("")}`));
    assertEquals(deno, "deno");
    const process = new Deno.Command(Deno.execPath(), {
      args,
      env: {
        ...{ KAFKA_BROKERS: broker.brokers.join(","), STATE: folder.path("activity.db"), NO_COLOR: "1" },
        ...{ PAGE_HOST: "0.0.0.0", PAGE_PORT: String(port), PAGE_TOKEN: TOKEN },
      },
      stdin: "null",
      stderr: "piped",
    }).spawn();
    const reader = kafka({ brokers: broker.brokers });
    const rows = await first(reader.source<{ user_id: string; event_count: number }>("user_activity"), 1);
    assertEquals(rows.map((row) => row!.user_id), ["ada"]);

    // As a kubelet does it: by the address of the pod.
    const ask = (path: string, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const refused = await ask("/api/details");
    assertEquals([refused.status, (await refused.json()).error.slice(0, 20)], [401, "This needs the token"]);
    const { job } = await (await ask("/api/details", { authorization: `Bearer ${TOKEN}` })).json();
    assertEquals(job, "activity");
    const probes = MANIFESTS.flatMap(({ objects }) => containers(objects).filter(isWorker)).flatMap((
      { livenessProbe, readinessProbe },
    ) => [livenessProbe!.httpGet.path, readinessProbe!.httpGet.path]);
    for (const path of new Set(probes)) {
      const answer = await ask(path);
      assertEquals(answer.status, 200, `${path}: ${await answer.text()}`);
    }

    process.kill("SIGTERM");
    const { code, stderr } = await process.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  });
});
