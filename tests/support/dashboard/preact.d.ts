/** The types of the page's library, as far as the page uses them: those that htm brings leave out the hooks. */

/** What a component gives back. */
export type Tree = object | string | number | boolean | null | undefined | Tree[];

/** A part with a state of its own. */
export class Component<Props = object, State = object> {
  readonly state: State;
  setState(state: State): void;
  render(props: Props & { readonly children?: Tree }, state: State): Tree;
  componentDidCatch?(error: Error): void;
}

export function h(tag: string, attributes: object, ...children: unknown[]): Tree;
export function html(strings: TemplateStringsArray, ...values: unknown[]): Tree;
export function render(tree: Tree, into: object | null): void;
export function useEffect(effect: () => void | (() => void), inputs: readonly unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs: readonly unknown[]): void;
export function useReducer<State, Told>(
  reduce: (state: State, told: Told) => State,
  initial: State,
): [State, (told: Told) => void];
export function useRef<Value>(initial: Value): { current: Value };
export function useState<Value>(
  initial: Value | (() => Value),
): [Value, (value: Value | ((old: Value) => Value)) => void];
