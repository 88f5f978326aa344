/**
 * Stands in for `@std/testing/bdd` where JSR cannot be reached: `describe` and `it` over `Deno.test`.
 *
 * As in the real package, a `describe` at the top is one test, and its cases are steps. Each step has the sanitizers in
 * its options, which are on by default.
 */

type Hook = () => void | Promise<void>;
type Body = (t: Deno.TestContext) => void | Promise<void>;

/** The options of a case or a group. */
interface Options {
  readonly ignore?: boolean;
  readonly only?: boolean;
  readonly sanitizeExit?: boolean;
  readonly sanitizeOps?: boolean;
  readonly sanitizeResources?: boolean;
}

/** Options with a name and a function in the first argument. */
interface Definition<Fn> extends Options {
  readonly name: string;
  readonly fn?: Fn;
}

interface Case extends Options {
  readonly name: string;
  readonly run: Body | Suite;
}

interface Suite {
  readonly cases: Case[];
  readonly beforeAll: Hook[];
  readonly afterAll: Hook[];
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
}

/** The call signatures of `describe` and `it`. */
interface Call<Fn> {
  (name: string, fn: Fn): void;
  (name: string, options: Options, fn: Fn): void;
  (definition: Definition<Fn>, fn?: Fn): void;
}

interface Verb<Fn> extends Call<Fn> {
  only: Call<Fn>;
  ignore: Call<Fn>;
  skip: Call<Fn>;
}

/** The suite whose `describe` is running, if any. */
let open: Suite | undefined;

/** Groups cases, with hooks of their own. */
export const describe: Verb<() => void> = verb(addSuite);

/** One case. */
export const it: Verb<Body> = verb((name, options, fn) => add({ ...options, name, run: fn }));

/** Another name for {@linkcode it}. */
export const test: Verb<Body> = it;

/** Runs a hook before the first case of the group. */
export function beforeAll(fn: Hook): void {
  inside("beforeAll").beforeAll.push(fn);
}

/** Runs a hook after the last case of the group. */
export function afterAll(fn: Hook): void {
  inside("afterAll").afterAll.push(fn);
}

/** Runs a hook before each case of the group, those of inner groups too. */
export function beforeEach(fn: Hook): void {
  inside("beforeEach").beforeEach.push(fn);
}

/** Runs a hook after each case of the group, those of inner groups too. */
export function afterEach(fn: Hook): void {
  inside("afterEach").afterEach.push(fn);
}

/** Other names for {@linkcode beforeAll} and {@linkcode afterAll}. */
export { afterAll as after, beforeAll as before };

function inside(hook: string): Suite {
  if (!open) throw new Error(`Cannot use ${hook}() outside of describe(): the local stand-in has no hooks for a file`);
  return open;
}

function verb<Fn>(register: (name: string, options: Options, fn: Fn) => void): Verb<Fn> {
  const call = (forced: Options): Call<Fn> => (first: string | Definition<Fn>, second?: Options | Fn, third?: Fn) => {
    const given = typeof second === "function" ? { fn: second } : { ...second as Options, fn: third };
    const { name, fn, ...options } = typeof first === "string"
      ? { ...given, name: first }
      : { ...first, fn: given.fn ?? first.fn };
    register(name, { ...options, ...forced }, fn ?? ((() => {}) as Fn));
  };
  return Object.assign(call({}), {
    only: call({ only: true }),
    ignore: call({ ignore: true }),
    skip: call({ ignore: true }),
  });
}

function addSuite(name: string, options: Options, fn: () => void): void {
  const suite: Suite = { cases: [], beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
  const outer = open;
  open = suite;
  try {
    // The body of an ignored group is not run.
    if (options.ignore !== true && (fn() as unknown) instanceof Promise) {
      throw new Error('Returning a Promise from "describe" is not supported: tests must be defined synchronously');
    }
  } finally {
    open = outer;
  }
  add({ ...options, name, run: suite });
}

function add(one: Case): void {
  if (open) {
    open.cases.push(one);
    return;
  }
  const { name, run: _, ...options } = one;
  const only = options.only ?? hasOnly(one);
  Deno.test({ ...options, name, only, fn: (t) => run(one, t, { before: [], after: [] }) });
}

/** Whether a case is marked as the only one to run, or contains one that is. */
function hasOnly({ only, run }: Case): boolean {
  return only === true || (typeof run !== "function" && run.cases.some(hasOnly));
}

/** Hooks around each case. Those of outer groups run first before it, and last after it. */
interface Around {
  readonly before: readonly Hook[];
  readonly after: readonly Hook[];
}

async function run(one: Case, t: Deno.TestContext, around: Around): Promise<void> {
  if (typeof one.run !== "function") return await runSuite(one.run, t, around);
  for (const hook of around.before) await hook();
  try {
    await one.run(t);
  } finally {
    for (const hook of around.after) await hook();
  }
}

async function runSuite(suite: Suite, t: Deno.TestContext, { before, after }: Around): Promise<void> {
  const around = { before: [...before, ...suite.beforeEach], after: [...suite.afterEach, ...after] };
  const chosen = suite.cases.some(hasOnly) ? suite.cases.filter(hasOnly) : suite.cases;
  for (const hook of suite.beforeAll) await hook();
  try {
    for (const one of chosen) {
      const { name, ignore, sanitizeExit, sanitizeOps, sanitizeResources } = one;
      await t.step({
        ...given({ ignore, sanitizeExit, sanitizeOps, sanitizeResources }),
        name,
        fn: (step) => run(one, step, around),
      });
    }
  } finally {
    for (const hook of suite.afterAll) await hook();
  }
}

/** Removes undefined options: Deno takes them as switched off. */
function given<T extends Record<string, unknown>>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
