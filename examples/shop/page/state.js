/** What the page knows: who shops, the rows of the stream, the lists made of them, and the clicks under way. */
import { follow, send, visitor } from "./live.js";
import { frameShown } from "./motion.js";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "./preact.js";
import { Stopwatch } from "./pulse.js";

/** How many times of clicks are kept. */
const TIMES = 500;

/** The shopper: the one of the page's address (`?as=ada`), or the one of this browser. */
export function useShopper(regulars) {
  const you = useMemo(visitor, []);
  const [shopper, setShopper] = useState(() => {
    const as = new URLSearchParams(location.search).get("as");
    return regulars.some(({ id }) => id === as) ? as : you;
  });
  const become = (id) => {
    history.replaceState(null, "", id === you ? "/" : `/?as=${id}`);
    setShopper(id);
  };
  return { you, shopper, become };
}

const NO_ROWS = { connected: undefined, forYou: undefined, visit: undefined, trending: {} };

/** The rows after one more message of the stream. */
function rowsAfter(rows, { type, row, category, connected }) {
  switch (type) {
    case "line":
      return { ...rows, connected };
    case "for_you":
      return { ...rows, forYou: row ?? undefined };
    case "visit":
      return { ...rows, visit: row ?? undefined };
    case "trending":
      return { ...rows, trending: { ...rows.trending, [category]: row ?? undefined } };
    default:
      return NO_ROWS;
  }
}

/** The newest rows of a shopper, and whether the stream is connected. */
export function useRows(shopper) {
  const [rows, tell] = useReducer(rowsAfter, NO_ROWS);
  useEffect(() => {
    tell({ type: "another shopper" });
    return follow(shopper, tell);
  }, [shopper]);
  return rows;
}

/** The products of a row's list, without those that the shop does not sell. */
export function sold(list, productOf) {
  return (list ?? []).flatMap(({ product_id, because }) => {
    const product = productOf(product_id);
    return product === undefined ? [] : [{ product, because }];
  });
}

/** What is in the basket of a visit. */
export function inBasket(visit, productOf) {
  return Object.entries(visit?.basket ?? {}).flatMap(([id, pieces]) => {
    const product = productOf(id);
    return product === undefined ? [] : [{ product, pieces }];
  });
}

/**
 * Sends clicks, and measures until their lists are shown.
 *
 * @returns `click`, which resolves to whether the shop has it; the `times` of clicks, the newest last; and `fresh`, the
 * first product that the last click brought into the list
 */
export function useClicks(shopper, rows, picks) {
  const stopwatch = useRef(undefined);
  stopwatch.current ??= new Stopwatch();
  const [times, setTimes] = useState([]);
  const [fresh, setFresh] = useState(undefined);
  const list = picks.map(({ product }) => product.id).join();
  useEffect(() => setTimes([]), [shopper]);
  useLayoutEffect(() => {
    const answered = stopwatch.current.answered(rows.visit, rows.forYou);
    if (answered.length === 0) return;
    const before = answered.at(-1).list.split(",");
    setFresh(picks.find(({ product }) => !before.includes(product.id)));
    void frameShown().then((now) => {
      const measured = answered.map((one) => ({ ms: now - one.at, changed: one.list !== list }));
      setTimes((old) => [...old, ...measured].slice(-TIMES));
    });
  }, [rows.visit, rows.forYou]);
  const click = (type, products, event) => {
    const name = crypto.randomUUID();
    stopwatch.current.begin(name, { at: event.timeStamp, list });
    return send({ shopper, click: name, type, products });
  };
  return { click, times, fresh };
}
