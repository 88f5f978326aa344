/**
 * Analyses a program: which calls of `pipe()` build a Tidemark pipeline, and which RxJS operators they contain.
 *
 * A call of `pipe()` builds a Tidemark pipeline if a stage or a sink is among its operators. Then all operators that
 * its values pass through are checked: those before its last stage, and those in the pipes above, found through chains,
 * variables and merge().
 *
 * @module
 */
import { BARE, COUNTS, CREATORS, INDEXED, MAPPERS, type Objection, OPERATORS, PROMISES } from "./_lint_operators.ts";

type Node = Deno.lint.Node;
type Call = Deno.lint.CallExpression;

/** An operator that cannot stand between two stages. */
export interface Finding {
  readonly node: Node;
  readonly name: string;
  readonly objection: Objection;
}

/** An imported name and its package. */
interface Origin {
  readonly from: "rxjs" | "tidemark";
  /** The exported name; `*` for a namespace import. */
  readonly name: string;
}

const RXJS = /^(npm:\/?)?rxjs(@[^/]*)?(\/operators)?$/;
const TIDEMARK = /^(jsr:\/?)?@tidemark\/streams(@[^/]*)?(\/.*)?$/;

export class Pipes {
  readonly #origins = new Map<string, Origin>();
  readonly #variables = new Map<string, Node[]>();
  readonly #pipes: Call[] = [];
  readonly #findings = new Map<Node, Finding>();
  readonly #walked = new Set<Node>();
  #usesTidemark = false;

  takeImport({ source, specifiers }: Deno.lint.ImportDeclaration): void {
    const from = RXJS.test(source.value) ? "rxjs" : TIDEMARK.test(source.value) ? "tidemark" : undefined;
    if (from === undefined) return;
    if (from === "tidemark") this.#usesTidemark = true;
    for (const specifier of specifiers) {
      const name = specifier.type !== "ImportSpecifier"
        ? "*"
        : specifier.imported.type === "Identifier"
        ? specifier.imported.name
        : String(specifier.imported.value);
      this.#origins.set(specifier.local.name, { from, name });
    }
  }

  takeVariable({ id, init }: Deno.lint.VariableDeclarator): void {
    if (id.type !== "Identifier" || init === null) return;
    const known = this.#variables.get(id.name);
    if (known === undefined) this.#variables.set(id.name, [init]);
    else known.push(init);
  }

  takeCall(call: Call): void {
    if (receiverOf(call) !== undefined || this.#isPipeFunction(call)) this.#pipes.push(call);
  }

  /** The findings, after the whole program has been read. */
  findings(): Iterable<Finding> {
    // Without an import of Tidemark, a sink() belongs to another library.
    if (!this.#usesTidemark) return [];
    for (const pipe of this.#pipes) {
      const last = pipe.arguments.findLastIndex((argument) => this.#isStage(argument));
      if (last === -1) continue;
      if (!pipe.arguments.some(isSink) && this.#isBare(pipe)) continue;
      for (const argument of pipe.arguments.slice(0, last)) this.#judge(argument);
      this.#walk(receiverOf(pipe));
    }
    return this.#findings.values();
  }

  /** Checks all operators that the values of this stream pass through. */
  #walk(stream: Node | undefined): void {
    if (stream === undefined || this.#walked.has(stream)) return;
    this.#walked.add(stream);
    if (stream.type === "Identifier") {
      for (const init of this.#variables.get(stream.name) ?? []) this.#walk(init);
    } else if (stream.type === "TSAsExpression" || stream.type === "TSNonNullExpression") {
      this.#walk(stream.expression);
    } else if (stream.type === "CallExpression") {
      const receiver = receiverOf(stream);
      if (receiver !== undefined) {
        for (const argument of stream.arguments) this.#judge(argument);
        this.#walk(receiver);
        return;
      }
      const name = this.#nameIn("rxjs", stream.callee);
      if (name === undefined) return;
      this.#object(stream, name, CREATORS.get(name));
      for (const argument of stream.arguments) this.#walk(argument);
    }
  }

  /** Checks one operator of RxJS, and the streams that it merges in. */
  #judge(operator: Node): void {
    if (operator.type !== "CallExpression") return;
    const name = this.#nameIn("rxjs", operator.callee);
    if (name === undefined) return;
    this.#object(operator, name, OPERATORS.get(name));
    const [first] = operator.arguments;
    if (isFunction(first)) {
      if (MAPPERS.has(name) && first.async) this.#object(operator, name, PROMISES);
      if (INDEXED.has(name) && first.params.length > 1) this.#object(operator, name, COUNTS);
    }
    if (name.endsWith("With")) { for (const argument of operator.arguments) this.#walk(argument); }
  }

  #object(node: Call, name: string, objection: Objection | undefined): void {
    if (objection !== undefined && !this.#findings.has(node)) this.#findings.set(node, { node, name, objection });
  }

  /** Whether a stream begins with an array, a Subject or the like, as in a notebook. No job can run such a stream. */
  #isBare(stream: Node | undefined, seen: readonly Node[] = []): boolean {
    if (stream === undefined || seen.includes(stream)) return false;
    const again = (next: Node | undefined) => this.#isBare(next, [...seen, stream]);
    if (stream.type === "Identifier") {
      if (BARE.has(this.#nameIn("rxjs", stream) ?? "")) return true;
      const inits = this.#variables.get(stream.name) ?? [];
      return inits.length > 0 && inits.every(again);
    }
    if (stream.type === "NewExpression") return BARE.has(this.#nameIn("rxjs", stream.callee) ?? "");
    if (stream.type === "ArrowFunctionExpression") return again(stream.body);
    if (stream.type !== "CallExpression") return false;
    const receiver = receiverOf(stream);
    if (receiver !== undefined) return again(receiver);
    const name = this.#nameIn("rxjs", stream.callee);
    if (name === undefined) return false;
    return BARE.has(name) || (stream.arguments.length > 0 && stream.arguments.every(again));
  }

  #isStage(node: Node): boolean {
    return isSink(node) || (node.type === "CallExpression" && this.#nameIn("tidemark", node.callee) !== undefined);
  }

  #isPipeFunction(call: Call): boolean {
    return this.#nameIn("rxjs", call.callee) === "pipe";
  }

  /** The exported name of `scan` or `rx.scan`, if it comes from that package. */
  #nameIn(from: Origin["from"], callee: Node): string | undefined {
    if (callee.type === "Identifier") {
      const origin = this.#origins.get(callee.name);
      return origin?.from === from && origin.name !== "*" ? origin.name : undefined;
    }
    if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return undefined;
    const origin = this.#origins.get(callee.object.name);
    if (origin?.from !== from || origin.name !== "*") return undefined;
    return callee.property.type === "Identifier" ? callee.property.name : undefined;
  }
}

/** The stream on which `pipe()` is called; `undefined` for other calls. */
function receiverOf(call: Call): Node | undefined {
  const { callee } = call;
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return undefined;
  return callee.property.name === "pipe" ? callee.object : undefined;
}

/** Whether a node is `broker.sink("topic")`, whatever the variable's name. */
function isSink(node: Node): boolean {
  return node.type === "CallExpression" && node.callee.type === "MemberExpression" &&
    node.callee.property.type === "Identifier" && node.callee.property.name === "sink";
}

function isFunction(
  node: Node | undefined,
): node is Deno.lint.ArrowFunctionExpression | Deno.lint.FunctionExpression {
  return node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression";
}
