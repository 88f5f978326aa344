/** The types of the page's library: htm's own types leave out the hooks. */
import type { VNode } from "npm:preact@^10";

export { Component, createContext, h, render } from "npm:preact@^10";
export { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "npm:preact@^10/hooks";

/** A tree from a template. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode;
