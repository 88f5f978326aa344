/** Apache Kafka's own jars: fetched once from Maven Central with the machine's Maven, then kept in a cache. */

export const KAFKA_VERSION = "4.3.1";
const OLDEST_JAVA = 17;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tidemark</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    ${dependency("org.apache.kafka", "kafka_2.13", KAFKA_VERSION)}
    ${dependency("org.apache.kafka", "kafka-tools", KAFKA_VERSION)}
    ${dependency("org.slf4j", "slf4j-simple", "1.7.36")}
  </dependencies>
</project>
`;

function dependency(group: string, artifact: string, version: string): string {
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
}

/** Whether a broker can be run from jars on this machine, with the reason if not. */
export async function jarsAtHand(): Promise<{ ok: boolean; reason: string }> {
  const java = await javaVersion();
  if (java === undefined) return { ok: false, reason: `Java ${OLDEST_JAVA} or newer is not installed` };
  if (java < OLDEST_JAVA) return { ok: false, reason: `Java ${java} is installed, ${OLDEST_JAVA} or newer is needed` };
  if (await exists(libraryDirectory())) {
    return { ok: true, reason: `Kafka ${KAFKA_VERSION} from the cache, Java ${java}` };
  }
  if (!(await onPath("mvn"))) return { ok: false, reason: `Java ${java} is installed, but Maven is not` };
  return { ok: true, reason: `Kafka ${KAFKA_VERSION} from Maven Central, Java ${java}` };
}

/** The directory with Kafka's jars. They are downloaded if they are missing. */
export async function kafkaJars(): Promise<string> {
  const libraries = libraryDirectory();
  if (await exists(libraries)) return libraries;
  await Deno.mkdir(cacheDirectory(), { recursive: true });
  // Only a finished download gets the final name, so that an interrupted one is never used.
  const unfinished = await Deno.makeTempDir({ dir: cacheDirectory(), prefix: `kafka-${KAFKA_VERSION}.unfinished-` });
  try {
    await download(unfinished);
    await Deno.rename(`${unfinished}/libs`, libraries).catch(async (error) => {
      // Another process may have finished the same download meanwhile. Its result is used.
      if (!(await exists(libraries))) throw error;
    });
  } finally {
    await Deno.remove(unfinished, { recursive: true });
  }
  return libraries;
}

/** The `java` to run. */
export function javaCommand(): string {
  const home = Deno.env.get("JAVA_HOME");
  return home ? `${home}/bin/java` : "java";
}

async function download(directory: string): Promise<void> {
  await Deno.writeTextFile(`${directory}/pom.xml`, POM);
  const { code, stdout, stderr } = await new Deno.Command("mvn", {
    args: ["-B", "-q", "dependency:copy-dependencies", `-DoutputDirectory=${directory}/libs`, "-DincludeScope=runtime"],
    cwd: directory,
    stdin: "null",
  }).output();
  if (code !== 0) {
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    throw new Error(`Cannot fetch Kafka ${KAFKA_VERSION} with Maven: it ended with code ${code}\n${said.slice(-2000)}`);
  }
}

function cacheDirectory(): string {
  const own = Deno.env.get("TIDEMARK_CACHE");
  if (own) return own;
  const shared = Deno.env.get("XDG_CACHE_HOME");
  return shared ? `${shared}/tidemark` : `${Deno.env.get("HOME") ?? Deno.cwd()}/.cache/tidemark`;
}

function libraryDirectory(): string {
  return `${cacheDirectory()}/kafka-${KAFKA_VERSION}`;
}

async function javaVersion(): Promise<number | undefined> {
  try {
    const { stderr } = await new Deno.Command(javaCommand(), { args: ["-version"], stdin: "null" }).output();
    const version = /version "(?:1\.)?(\d+)/.exec(new TextDecoder().decode(stderr));
    return version ? Number(version[1]) : undefined;
  } catch {
    return undefined;
  }
}

async function onPath(command: string): Promise<boolean> {
  const directories = (Deno.env.get("PATH") ?? "").split(":");
  const found = await Promise.all(directories.map((directory) => exists(`${directory}/${command}`)));
  return found.includes(true);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
