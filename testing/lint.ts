/**
 * A `deno lint` plugin that finds RxJS operators that cannot stand between the stages of a Tidemark pipeline, and says
 * what to write instead: operators with state such as `scan`, asynchronous ones such as `delay`, and those that
 * subscribe later such as `retry`. It ignores operators that are not from RxJS, pipes without a stage or sink of
 * Tidemark, operators after the last stage, and pipelines over an array, which no job can run.
 *
 * In `deno.json`:
 *
 * ```json
 * { "lint": { "plugins": ["jsr:@tidemark/streams/testing/lint"] } }
 * ```
 *
 * Its rules are `tidemark/remembers`, `tidemark/asynchronous` and `tidemark/later`. It reads one file at a time and
 * goes by names. Use `crashTest` to find what the plugin cannot see: an operator inside a function of your own, or a
 * `Map` in a closure.
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
