/**
 * The part of Kafka's protocol that checks whether a broker is ready.
 *
 * An open port proves nothing: a broker listens before it has joined its cluster. So a broker is ready when it answers
 * a Metadata request. A Kafka client is not used, since it has retries and timers of its own.
 */

const METADATA = 3;
const METADATA_VERSION = 4;

/** A broker's answer about its cluster. */
export interface ClusterAnswer {
  /** Ids of the brokers that are alive and take requests. */
  readonly nodes: number[];
  /** Id of the controller, or -1 while there is none. */
  readonly controller: number;
}

/** Asks the broker at `address` (`host:port`) for its cluster; throws if it does not answer. */
export async function askCluster(address: string): Promise<ClusterAnswer> {
  const split = address.lastIndexOf(":");
  using connection = await Deno.connect({ hostname: address.slice(0, split), port: Number(address.slice(split + 1)) });
  await writeAll(connection, metadataRequest());
  const size = new DataView((await readExactly(connection, 4)).buffer).getInt32(0);
  return readMetadata(await readExactly(connection, size));
}

function metadataRequest(): Uint8Array {
  const client = new TextEncoder().encode("tidemark-tests");
  // Key, version, correlation id, client id; then an empty list of topics, and the flag that forbids creating any.
  const request = new Uint8Array(4 + 2 + 2 + 4 + 2 + client.length + 4 + 1);
  const view = new DataView(request.buffer);
  view.setInt32(0, request.length - 4);
  view.setInt16(4, METADATA);
  view.setInt16(6, METADATA_VERSION);
  view.setInt32(8, 1);
  view.setInt16(12, client.length);
  request.set(client, 14);
  return request;
}

function readMetadata(answer: Uint8Array): ClusterAnswer {
  const view = new DataView(answer.buffer);
  let at = 4 + 4; // The correlation id and the throttle time.
  const skipString = () => {
    const length = view.getInt16(at);
    at += 2 + Math.max(0, length);
  };
  const nodes: number[] = [];
  const count = view.getInt32(at);
  at += 4;
  for (let index = 0; index < count; index++) {
    nodes.push(view.getInt32(at));
    at += 4;
    skipString(); // Host.
    at += 4; // Port.
    skipString(); // Rack.
  }
  skipString(); // Cluster id.
  return { nodes, controller: view.getInt32(at) };
}

/** Writes all bytes. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Reads so many bytes. */
export async function readExactly(connection: Deno.Conn, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const read = await connection.read(bytes.subarray(filled));
    if (read === null) throw new Error("Cannot read the broker's answer: the connection was closed");
    filled += read;
  }
  return bytes;
}
