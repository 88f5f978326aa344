/**
 * The line between the page and the job: snapshots come by server-sent events, everything else is asked.
 *
 * @module
 */

/** How soon a stream that was refused is tried again, in milliseconds. */
const AGAIN = 2_000;

/** A request that the server refused, with its sentence. */
export class Refused extends Error {
  /** @param {string} sentence @param {number} status */
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/**
 * Follows the snapshots while the page is seen: browsers allow few open streams, and a hidden page needs none.
 *
 * @param {{
 *   event: (name: string, data: any) => void,
 *   line: (connected: boolean, refused?: number) => void,
 * }} tell
 * @returns {() => void} a function that ends it
 */
export function follow(tell) {
  /** @type {EventSource | undefined} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let again;
  const close = () => {
    clearTimeout(again);
    source?.close();
    source = undefined;
  };
  const open = () => {
    close();
    const opened = source = new EventSource("/api/events");
    opened.addEventListener("open", () => tell.line(true));
    opened.addEventListener("error", () => {
      // A stream that broke comes back by itself, one that was refused does not.
      const refused = opened.readyState === EventSource.CLOSED;
      tell.line(false);
      if (!refused) return;
      void fetch("/api/details").then(({ status }) => tell.line(false, status), () => {});
      again = setTimeout(open, AGAIN);
    });
    for (const name of ["details", "ended"]) {
      opened.addEventListener(name, ({ data }) => tell.event(name, JSON.parse(data)));
    }
  };
  const seen = () => document.hidden ? close() : open();
  document.addEventListener("visibilitychange", seen);
  addEventListener("pagehide", close);
  seen();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    removeEventListener("pagehide", close);
    close();
  };
}

/**
 * Asks the server.
 *
 * @param {string} path
 * @param {object} [body] with one it is a POST
 * @returns {Promise<any>}
 */
export async function ask(path, body) {
  let response;
  try {
    response = await fetch(
      path,
      body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    );
  } catch {
    throw new Refused("The page is not connected to the job.", 0);
  }
  const text = await response.text();
  const data = /^application\/json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : text;
  if (response.ok) return data;
  throw new Refused(typeof data === "string" ? data : data.error ?? response.statusText, response.status);
}

/**
 * Takes the token out of the address, where it stands after `#token=`, and changes it for a cookie. The server never
 * sees it in an address.
 */
export async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", "/#/now");
  await ask("/session", { token });
}
