/**
 * A `deno lint` plugin that names what of RxJS does not go between the stages of a Tidemark pipeline, and says what to write
 * instead: `scan` and whatever else remembers, `delay` and whatever else is asynchronous, `retry` and whatever else subscribes later.
 * Operators that are not from RxJS, and pipes without a stage or sink of Tidemark, are left alone; so are the operators after the last stage, and
 * pipelines over an array, which no job can run.
 *
 * In `deno.json`:
 *
 * ```json
 * { "lint": { "plugins": ["jsr:@tidemark/streams/testing/lint"] } }
 * ```
 *
 * Its rules are `tidemark/remembers`, `tidemark/asynchronous` and `tidemark/later`. It reads one file at a time and goes by names:
 * what it cannot see (an operator behind a function of one's own, a `Map` in a closure) `crashTest` finds.
 *
 * @module
 */
import { messageOf, type Reason } from "./_lint_operators.ts";
import { Pipes } from "./_lint_pipes.ts";

/** The plugin. */
const plugin: Deno.lint.Plugin = {
  name: "tidemark",
  rules: {
    remembers: ruleFor("remembers"),
    asynchronous: ruleFor("asynchronous"),
    later: ruleFor("later"),
  },
};

export default plugin;

function ruleFor(reason: Reason): Deno.lint.Rule {
  return {
    create(context) {
      const pipes = new Pipes();
      return {
        ImportDeclaration: (node) => pipes.takeImport(node),
        VariableDeclarator: (node) => pipes.takeVariable(node),
        CallExpression: (node) => pipes.takeCall(node),
        "Program:exit"() {
          for (const { node, name, objection } of pipes.findings()) {
            if (objection.reason === reason) context.report({ node, message: messageOf(name, objection) });
          }
        },
      };
    },
  };
}
