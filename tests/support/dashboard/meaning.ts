/**
 * What a script means, whatever its local names are and however it is laid out: its syntax tree, in which each local name
 * is the number of its declaration, and `void 0`, `!0` and `!1` are the values that they are.
 */
import { type Node, parse } from "acorn";

/** How scripts of the page are read. */
export const LANGUAGE = { ecmaVersion: "latest", sourceType: "module" } as const;

// deno-lint-ignore no-explicit-any
type Tree = any;

/** The names of a scope with the numbers of their declarations. */
class Scope {
  readonly #names = new Map<string, string>();

  constructor(private readonly outer: Scope | undefined, private readonly count: { next: number }) {}

  inner(): Scope {
    return new Scope(this, this.count);
  }

  declare(pattern: Tree): void {
    if (pattern === null) return;
    if (pattern.type === "Identifier") {
      if (!this.#names.has(pattern.name)) this.#names.set(pattern.name, `local ${this.count.next++}`);
    } else if (pattern.type === "ObjectPattern") {
      for (const one of pattern.properties) this.declare(one.value ?? one.argument);
    } else if (pattern.type === "ArrayPattern") pattern.elements.forEach((one: Tree) => this.declare(one));
    else this.declare(pattern.left ?? pattern.argument);
  }

  /** What is declared by a statement, for the whole of its block. */
  hoist(statement: Tree): void {
    const { type, declaration, specifiers, declarations, id } = statement;
    if (type === "ImportDeclaration") specifiers.forEach(({ local }: Tree) => this.declare(local));
    else if (type === "VariableDeclaration") {
      if (statement.kind === "var") throw new Error("var is not expected: its scope is another");
      declarations.forEach((one: Tree) => this.declare(one.id));
    } else if (type === "FunctionDeclaration" || type === "ClassDeclaration") this.declare(id);
    else if (declaration) this.hoist(declaration);
  }

  find(name: string): string {
    return this.#names.get(name) ?? this.outer?.find(name) ?? `global ${name}`;
  }
}

/** The meaning of a script. The text of templates is left out. */
export function meaningOf(script: string): unknown {
  return meaning(parse(script, LANGUAGE), new Scope(undefined, { next: 0 }));
}

/** Places of names that are no variables. */
function isFixed(parent: string, field: string, computed: boolean): boolean {
  if (computed) return false;
  return parent === "MemberExpression" && field === "property" || field === "key" || field === "imported" ||
    parent === "MetaProperty";
}

function meaning(node: Tree, outer: Scope): unknown {
  if (node.type === "TemplateElement") return "text";
  if (node.type === "UnaryExpression" && node.operator === "void" && node.argument.value === 0) {
    return "global undefined";
  }
  if (node.type === "UnaryExpression" && node.operator === "!" && [0, 1].includes(node.argument.value)) {
    return node.argument.value === 0;
  }
  if (node.type === "Literal" && typeof node.value === "boolean") return node.value;
  const scope = scopeOf(node, outer);
  const told: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries<Tree>(node)) {
    if (field === "start" || field === "end" || field === "shorthand") continue;
    const one = (part: Tree): unknown => {
      if (part?.type === undefined) return typeof part === "bigint" ? String(part) : part;
      if (part.type !== "Identifier") return meaning(part, scope);
      return isFixed(node.type, field, node.computed) ? part.name : scope.find(part.name);
    };
    told[field] = Array.isArray(inner) ? inner.map(one) : one(inner);
  }
  if (node.type.startsWith("Export")) told.exports = exportsOf(node);
  return told;
}

function exportsOf({ declaration }: Tree): string[] {
  if (!declaration?.declarations) return [declaration?.id?.name];
  return declaration.declarations.map(({ id }: Tree) => id.name);
}

/** The scope of what is in a node. */
function scopeOf(node: Tree, outer: Scope): Scope {
  const scope = outer.inner();
  if (node.type === "Program" || node.type === "BlockStatement") node.body.forEach((one: Tree) => scope.hoist(one));
  else if (/Function/.test(node.type)) {
    if (node.type === "FunctionExpression" && node.id) scope.declare(node.id);
    node.params.forEach((one: Tree) => scope.declare(one));
  } else if (node.type === "CatchClause") scope.declare(node.param);
  else if (/^For/.test(node.type)) {
    for (const head of [node.init, node.left]) if (head?.type === "VariableDeclaration") scope.hoist(head);
  } else return outer;
  return scope;
}

/** All nodes of a script with the name of the field that they are in. */
export function visit(script: string, see: (node: Tree, parent: Tree) => void): void {
  const walk = (node: Tree, parent: Tree): void => {
    see(node, parent);
    for (const inner of Object.values<Tree>(node)) {
      for (const one of Array.isArray(inner) ? inner : [inner]) if (one?.type !== undefined) walk(one, node);
    }
  };
  walk(parse(script, LANGUAGE) satisfies Node, undefined);
}
