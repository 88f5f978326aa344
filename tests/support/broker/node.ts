/**
 * One Kafka node that runs from jars: broker and controller in one Java process, on 127.0.0.1 only.
 *
 * The process is known by its id from its start until its end was seen. No other process is ever signalled.
 */
import { javaCommand } from "./jars.ts";
import { askCluster } from "./wire.ts";

/** How long a node may take to answer, in milliseconds; a loaded machine with two cores needs some 10 s. */
const START_LIMIT = 90_000;
/** How long a node may take to stop by itself, in milliseconds, before it is killed. */
const STOP_LIMIT = 20_000;
/** The pause between two checks of a starting node, in milliseconds. */
export const ASK_AGAIN_AFTER = 50;

/** Java options that suit tests: little memory, a quick start. */
export const JVM_FOR_TESTS: readonly string[] = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

export interface NodeSettings {
  readonly id: number;
  readonly port: number;
  /** The node's own directory: properties, log file and data. */
  readonly directory: string;
  readonly libraries: string;
  readonly jvm: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

export class KafkaNode {
  readonly #settings: NodeSettings;
  #process: Deno.ChildProcess | undefined;

  constructor(settings: NodeSettings) {
    this.#settings = settings;
  }

  get address(): string {
    return `127.0.0.1:${this.#settings.port}`;
  }

  /** The id of the running process. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Writes the properties and formats the data directory; once, before the first start. */
  async format(clusterId: string): Promise<void> {
    await Deno.mkdir(this.#settings.directory, { recursive: true });
    const lines = Object.entries(this.#settings.properties).map(([name, value]) => `${name}=${value}\n`);
    await Deno.writeTextFile(this.#propertiesFile, lines.join(""));
    const { code } = await this.#java("kafka.tools.StorageTool", "format", "-t", clusterId, "-c", this.#propertiesFile)
      .output();
    if (code !== 0) throw new Error(`Cannot format Kafka node ${this.#settings.id}: ${await this.lastWords()}`);
  }

  /** Starts the process; does not wait until it answers. */
  spawn(): void {
    if (this.#process) throw new Error(`Cannot start Kafka node ${this.#settings.id}: it is running already`);
    this.#process = this.#java("kafka.Kafka", this.#propertiesFile).spawn();
  }

  /** Waits until the node answers and knows `nodes` brokers or more, and a controller. */
  async answers(nodes: number): Promise<void> {
    const process = this.#process;
    if (!process) throw new Error(`Cannot wait for Kafka node ${this.#settings.id}: it was not started`);
    let ended = false;
    process.status.then(() => ended = true);
    const deadline = Date.now() + START_LIMIT;
    while (!(await this.#sees(nodes))) {
      if (ended || Date.now() > deadline) {
        await this.end("SIGKILL");
        const what = ended ? "it ended" : `it did not answer within ${START_LIMIT / 1000} s`;
        throw new Error(`Cannot start Kafka node ${this.#settings.id}: ${what}\n${await this.lastWords()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER));
    }
  }

  /** Sends the signal and waits for the end of the process; SIGKILL follows if it takes too long. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#process = undefined;
    send(process, signal);
    const impatience = setTimeout(() => send(process, "SIGKILL"), STOP_LIMIT);
    await process.status;
    clearTimeout(impatience);
  }

  /** Kills without waiting, while this process itself ends. */
  endAtOnce(): void {
    if (this.#process) send(this.#process, "SIGKILL");
    this.#process = undefined;
  }

  /** The last lines that the node wrote. */
  async lastWords(): Promise<string> {
    const text = await Deno.readTextFile(this.#logFile).catch(() => "(it wrote nothing)");
    return text.trimEnd().split("\n").slice(-15).join("\n");
  }

  /** How many times its log contains these words. */
  async wrote(words: string): Promise<number> {
    return (await Deno.readTextFile(this.#logFile).catch(() => "")).split(words).length - 1;
  }

  async #sees(nodes: number): Promise<boolean> {
    try {
      const cluster = await askCluster(this.address);
      return cluster.nodes.includes(this.#settings.id) && cluster.nodes.length >= nodes && cluster.controller >= 0;
    } catch {
      return false;
    }
  }

  get #propertiesFile(): string {
    return `${this.#settings.directory}/server.properties`;
  }

  get #logFile(): string {
    return `${this.#settings.directory}/node.log`;
  }

  #java(mainClass: string, ...args: string[]): Deno.Command {
    const { jvm, libraries, directory } = this.#settings;
    const java = [javaCommand(), ...jvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", `${libraries}/*`];
    // `exec` replaces the shell by Java, so the process id is Java's. The output goes to a file: pipes would have to be
    // read, and would be open resources of the test that started the node.
    const script = `exec ${DIES_WITH_US} "$@" >>"$0" 2>&1`;
    return new Deno.Command("sh", {
      args: ["-c", script, this.#logFile, ...java, mainClass, ...args],
      cwd: directory,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
  }
}

/** On Linux the kernel kills the node when the thread that started it ends, for any reason. */
const DIES_WITH_US = Deno.build.os === "linux"
  ? "$(command -v setpriv >/dev/null && echo setpriv --pdeathsig KILL)"
  : "";

function send(process: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    process.kill(signal);
  } catch (error) {
    // The process has ended already.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}
