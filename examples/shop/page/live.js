/** The line between the page and the shop: rows come by server-sent events, clicks go by POST. */

/** How soon a stream that was refused is tried again, in milliseconds. */
const AGAIN = 2_000;

/**
 * Follows the rows of a shopper while the page is seen: browsers allow few open streams, and a hidden page needs none.
 *
 * @param tell is given `{ type, row, category }` for each row, and `{ type: "line", connected }` for the stream itself
 * @returns a function that ends it
 */
export function follow(shopper, tell) {
  let source;
  let again;
  const close = () => {
    clearTimeout(again);
    source?.close();
    source = undefined;
  };
  const open = () => {
    close();
    source = new EventSource(`/api/stream?shopper=${encodeURIComponent(shopper)}`);
    source.addEventListener("open", () => tell({ type: "line", connected: true }));
    source.addEventListener("error", ({ target }) => {
      tell({ type: "line", connected: false });
      // A stream that broke comes back by itself, one that was refused does not.
      if (target.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN);
    });
    for (const type of ["for_you", "visit", "trending"]) {
      source.addEventListener(type, ({ data }) => tell({ ...JSON.parse(data), type }));
    }
  };
  const seen = () => document.hidden ? close() : open();
  document.addEventListener("visibilitychange", seen);
  seen();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    close();
  };
}

/** Sends a click. Resolves to whether the shop has it. */
export async function send(click) {
  try {
    const response = await fetch("/api/clicks", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(click),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Everything that the shop sells, and its regulars. */
export async function catalogue() {
  return await (await fetch("/api/shop")).json();
}

const NAME = "shopper";

/** The shopper of this browser, whom nobody else is. */
export function visitor() {
  const known = localStorage.getItem(NAME);
  if (/^you-[0-9a-f]{8}$/.test(known ?? "")) return known;
  const made = `you-${crypto.randomUUID().slice(0, 8)}`;
  localStorage.setItem(NAME, made);
  return made;
}
