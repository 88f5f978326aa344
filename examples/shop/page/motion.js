/** Movement of lists, and the moment in which a frame is shown. */
import { useLayoutEffect, useRef } from "./preact.js";

const EASING = "cubic-bezier(0.2, 0.8, 0.2, 1)";

/** Whether the visitor wants things to stand still. */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Moves the items of a list from where they were to where they are, after each change of `order`. An item that is new
 * is at its place from the first frame on, and glows for a moment.
 *
 * @returns the ref of the list. Its items have their names in `data-id`
 */
export function useMoves(order) {
  const list = useRef(null);
  const places = useRef(undefined);
  useLayoutEffect(() => {
    const before = places.current;
    const now = new Map();
    for (const item of list.current?.children ?? []) {
      const { offsetLeft: left, offsetTop: top } = item;
      now.set(item.dataset.id, { left, top });
      if (before === undefined || still()) continue;
      const old = before.get(item.dataset.id);
      if (old === undefined) {
        item.animate([{ backgroundColor: "var(--glow)" }, {}], { duration: 1600, easing: "ease-out" });
      } else if (old.left !== left || old.top !== top) {
        const from = { transform: `translate(${old.left - left}px, ${old.top - top}px)` };
        item.animate([from, { transform: "none" }], { duration: 420, easing: EASING });
      }
    }
    places.current = now;
  }, [order]);
  return list;
}

/**
 * Resolves with the time at which the frame has been handed to the screen that shows what the page is now: a message
 * that is posted in the frame's callback comes after its layout and paint.
 */
export function frameShown() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve(performance.now());
      };
      port2.postMessage(undefined);
    });
  });
}

/**
 * Keeps the focus in a list whose items come and go: where the focused one has moved it has the focus again, and where
 * it has gone, the one at its place.
 */
export function useKeptFocus(list) {
  const focused = document.activeElement;
  const item = list.current?.contains(focused) ? focused.closest("[data-id]") : null;
  const index = item === null ? -1 : [...list.current.children].indexOf(item);
  const button = item === null ? -1 : [...item.querySelectorAll("button")].indexOf(focused);
  useLayoutEffect(() => {
    if (index === -1 || document.activeElement === focused) return;
    const { children } = list.current ?? { children: [] };
    const next = focused.isConnected
      ? focused
      : children[Math.min(index, children.length - 1)]?.querySelectorAll("button")[button];
    next?.focus({ preventScroll: true });
  });
}
