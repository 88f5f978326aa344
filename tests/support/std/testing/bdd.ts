/**
 * Stands in for `@std/testing/bdd` where JSR cannot be reached: `describe` and `it` over `Deno.test`.
 *
 * As in the real package, a `describe` at the top is one test, and what it holds are its steps.
 */

type Hook = () => void | Promise<void>;
type Body = (t: Deno.TestContext) => void | Promise<void>;

interface Case {
  readonly name: string;
  readonly ignore: boolean;
  readonly run: Body | Suite;
}

interface Suite {
  readonly cases: Case[];
  readonly beforeAll: Hook[];
  readonly afterAll: Hook[];
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
}

interface Describe {
  (name: string, fn: () => void): void;
  ignore(name: string, fn: () => void): void;
  skip(name: string, fn: () => void): void;
}

interface It {
  (name: string, fn: Body): void;
  ignore(name: string, fn?: Body): void;
  skip(name: string, fn?: Body): void;
}

/** The suite whose `describe` is being read, if any. */
let open: Suite | undefined;

/** Groups cases, with hooks of their own. */
export const describe: Describe = Object.assign(
  (name: string, fn: () => void) => addSuite(name, fn, false),
  {
    ignore: (name: string, fn: () => void) => addSuite(name, fn, true),
    skip: (name: string, fn: () => void) => addSuite(name, fn, true),
  },
);

/** One case. */
export const it: It = Object.assign(
  (name: string, fn: Body) => add({ name, ignore: false, run: fn }),
  {
    ignore: (name: string, fn: Body = () => {}) => add({ name, ignore: true, run: fn }),
    skip: (name: string, fn: Body = () => {}) => add({ name, ignore: true, run: fn }),
  },
);

/** Another name for {@linkcode it}. */
export const test: It = it;

export function beforeAll(fn: Hook): void {
  inside("beforeAll").beforeAll.push(fn);
}

export function afterAll(fn: Hook): void {
  inside("afterAll").afterAll.push(fn);
}

export function beforeEach(fn: Hook): void {
  inside("beforeEach").beforeEach.push(fn);
}

export function afterEach(fn: Hook): void {
  inside("afterEach").afterEach.push(fn);
}

function inside(hook: string): Suite {
  if (!open) throw new Error(`Cannot use ${hook}() outside of describe(): the local stand-in has no hooks for a file`);
  return open;
}

function addSuite(name: string, fn: () => void, ignore: boolean): void {
  const suite: Suite = { cases: [], beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
  const outer = open;
  open = suite;
  try {
    fn();
  } finally {
    open = outer;
  }
  add({ name, ignore, run: suite });
}

function add(one: Case): void {
  if (open) {
    open.cases.push(one);
    return;
  }
  Deno.test({ name: one.name, ignore: one.ignore, fn: (t) => run(one, t, [], []) });
}

async function run(one: Case, t: Deno.TestContext, beforeEach: Hook[], afterEach: Hook[]): Promise<void> {
  if (typeof one.run !== "function") return await runSuite(one.run, t, beforeEach, afterEach);
  for (const hook of beforeEach) await hook();
  try {
    await one.run(t);
  } finally {
    for (const hook of afterEach) await hook();
  }
}

async function runSuite(suite: Suite, t: Deno.TestContext, beforeEach: Hook[], afterEach: Hook[]): Promise<void> {
  const before = [...beforeEach, ...suite.beforeEach];
  const after = [...suite.afterEach, ...afterEach];
  for (const hook of suite.beforeAll) await hook();
  try {
    for (const one of suite.cases) {
      await t.step({
        name: one.name,
        ignore: one.ignore,
        // What beforeAll opened is closed by afterAll: only the test as a whole can be held to leave nothing open.
        sanitizeOps: false,
        sanitizeResources: false,
        fn: (step) => run(one, step, before, after),
      });
    }
  } finally {
    for (const hook of suite.afterAll) await hook();
  }
}
