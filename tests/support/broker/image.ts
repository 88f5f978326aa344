/**
 * Brings an image of Kafka into the Docker engine: the present one, the published one when images can be pulled, or
 * else one that is built from Java and the jars of this machine. Run as a program it prints the image's name.
 */
import { dockerDoes, kafkaImage, PUBLISHED_IMAGE } from "./docker.ts";
import { javaCommand, KAFKA_VERSION, kafkaJars } from "./jars.ts";

const LOCAL_IMAGE = `tidemark/kafka:${KAFKA_VERSION}`;
const LAUNCH = new URL("./image_launch.sh", import.meta.url).pathname;
/** How long pulling an image may take, in milliseconds. */
const PULL_LIMIT = 120_000;

/** Parts of the C library that Kafka's compression libraries link. In new versions of the C library they are empty. */
const STUBS = ["libpthread.so.0", "libdl.so.2", "librt.so.1"];

/** Files of a Java home that no broker needs. */
const NEEDLESS = ["lib/src.zip", "lib/ct.sym", "lib/server/classes_nocoops.jsa"];

if (import.meta.main) console.log(await bringImage());

/** Makes sure that the engine has an image, and returns its name. */
export async function bringImage(): Promise<string> {
  const wanted = kafkaImage();
  if (await dockerDoes("image", "inspect", wanted)) return wanted;
  const refusal = await pull(wanted);
  if (refusal === undefined) return wanted;
  // A specific image is never replaced by another one.
  if (wanted !== PUBLISHED_IMAGE) throw new Error(`Cannot bring the image ${wanted}: ${refusal}`);
  if (!(await dockerDoes("image", "inspect", LOCAL_IMAGE))) await makeLocalImage();
  return LOCAL_IMAGE;
}

/** Pulls the image. Returns the reason if it fails. */
async function pull(image: string): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command("docker", {
    args: ["pull", "--quiet", image],
    stdin: "null",
    signal: AbortSignal.timeout(PULL_LIMIT),
  }).output();
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}

/**
 * Makes an image of this machine's Java, Kafka's jars and one static busybox. Its start script takes the same environment
 * variables as the published image, and gives them to the same class of Kafka's.
 */
export async function makeLocalImage(): Promise<void> {
  const jars = await kafkaJars();
  const root = await Deno.makeTempDir({ prefix: "tidemark-image-" });
  try {
    for (
      const folder of ["bin", "tmp", "opt/kafka/libs", "opt/kafka/config", "etc/kafka/docker", "mnt/shared/config"]
    ) {
      await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    }
    await Deno.copyFile(await busybox(), `${root}/bin/busybox`);
    for (const name of ["sh", "grep", "cat", "ls"]) await Deno.symlink("busybox", `${root}/bin/${name}`);
    await Deno.copyFile(LAUNCH, `${root}/opt/kafka/launch`);
    await Deno.chmod(`${root}/opt/kafka/launch`, 0o755);
    for await (const { name } of Deno.readDir(jars)) {
      await Deno.copyFile(`${jars}/${name}`, `${root}/opt/kafka/libs/${name}`);
    }
    await copyJava(root);
    await shell(
      'tar -C "$1" -c . | docker import --change \'ENTRYPOINT ["/opt/kafka/launch"]\' --change "EXPOSE 9092" - "$2"',
      root,
      LOCAL_IMAGE,
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Copies Java with links resolved, and the libraries that it links, to the places where it looks for them. */
async function copyJava(root: string): Promise<void> {
  const home = (await shell('readlink -f "$(command -v "$1")"', javaCommand())).replace(/\/bin\/java$/, "");
  const left = NEEDLESS.map((path) => `--exclude=./${path}`);
  const taken = ["./bin/java", "./lib", "./conf"];
  await Deno.mkdir(`${root}/opt/java`);
  await shell('tar -C "$1" -hc "${@:3}" | tar -C "$2" -x', home, `${root}/opt/java`, ...left, ...taken);
  const linked = await shell('ldd "$1"/bin/java "$1"/lib/*.so "$1"/lib/server/libjvm.so', home);
  const paths = new Set([...linked.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path]) => path));
  for (const path of paths) {
    if (path.startsWith(home)) continue;
    await Deno.mkdir(`${root}${path.replace(/\/[^/]+$/, "")}`, { recursive: true });
    await Deno.copyFile(path, `${root}${path}`);
    if (!path.endsWith("/libc.so.6")) continue;
    const beside = path.replace(/[^/]+$/, "");
    for (const name of STUBS) await Deno.copyFile(beside + name, root + beside + name);
  }
}

/** The shell of the image. `ldd` refuses what is linked statically. */
async function busybox(): Promise<string> {
  const path = await shell('found="$(command -v busybox)" && ! ldd "$found" >&2 && echo "$found" || true');
  if (path !== "") return path;
  throw new Error(
    "Cannot make an image: it needs a busybox that is linked statically (Debian's package busybox-static)",
  );
}

/** Runs a line of bash with `$1`, `$2` ... and returns what it printed. */
async function shell(script: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-o", "pipefail", "-c", script, "bash", ...args],
    stdin: "null",
  }).output();
  if (code !== 0) throw new Error(`Cannot make an image: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}
