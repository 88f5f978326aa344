/** The page's files as they are served: smaller than they are written, and the same for a browser. */
import { assert, assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { tokenizer } from "acorn";
import fc from "fast-check";
import { html } from "htm/preact/standalone";
import { ASSETS } from "../dashboard/_assets.ts";
import { smallScript, smallStyle } from "../dashboard/small.ts";
import { tokensOf } from "../dashboard/tokens.ts";
import { LANGUAGE, meaningOf, visit } from "./support/dashboard/meaning.ts";

/** The modules of the page; its library comes small. */
const SCRIPTS = [...ASSETS].filter(([path]) => path.endsWith(".js") && path !== "/preact.js");

interface Template {
  readonly markup: boolean;
  readonly pieces: readonly string[];
}

/** The templates of a script. What imports call `html` has another name there. */
function templatesOf(script: string): Template[] {
  const found: Template[] = [];
  let name = "html";
  visit(script, (node, parent) => {
    if (node.type === "ImportSpecifier" && node.imported.name === "html") name = node.local.name;
    if (node.type !== "TemplateLiteral") return;
    const markup = parent.type === "TaggedTemplateExpression" && parent.tag.name === name;
    found.push({ markup, pieces: node.quasis.map(({ value }: { value: { cooked: string } }) => value.cooked) });
  });
  return found;
}

/** What htm makes of a template whose values are marks. */
function rendered({ markup, pieces }: Template): unknown {
  if (!markup) return pieces;
  const marks = pieces.slice(1).map((_piece, index) => ({
    [`value ${index}`]: index,
    toString: () => `value ${index}`,
  }));
  const seen = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(seen);
    if (node === null || typeof node !== "object" || !("props" in node)) return String(node);
    const { type, props, key } = node as { type: unknown; props: Record<string, unknown>; key: unknown };
    const { children, ...attributes } = props;
    return [
      String(type),
      String(key),
      ...Object.entries(attributes).map(([name, value]) => [name, String(value)]),
      seen(children),
    ];
  };
  return seen((html as (...all: unknown[]) => unknown)(pieces, ...marks));
}

describe("a script of the page", () => {
  for (const [path, { source, text }] of SCRIPTS) {
    it(`${path} means the same and has the same markup as it is written`, () => {
      assertEquals(meaningOf(text), meaningOf(source));
      assertEquals(templatesOf(text).map(rendered), templatesOf(source).map(rendered));
    });
  }

  it("is cut into the tokens that a parser of JavaScript sees", () => {
    for (const [, { source }] of SCRIPTS) {
      const tokens = tokensOf(source);
      assertEquals(tokens.map(({ text }) => text).join(""), source);
      const strings = [...tokenizer(source, LANGUAGE)].filter(({ type: { label } }) => /^(string|regexp)$/.test(label));
      assertEquals(
        tokens.filter(({ kind }) => kind === "string" || kind === "regexp").map(({ text }) => text),
        strings.map(({ start, end }) => source.slice(start, end)),
      );
    }
  });

  it("keeps what looks like a comment or an indentation in strings, templates and regular expressions", () => {
    const piece = fc.constantFrom(
      ...[
        '"a  // b"',
        "'/*  */'",
        "`a\n    b`",
        "`a ${ b  /* no */ }  c`",
        "/[/]\\/ {2}/g",
        "`${ `  ${ { a: 1 } }  ` }`",
      ],
      ...[
        "a / b",
        "a++ / 2",
        "a + +b",
        "a - --b",
        "[1, 2] / 3",
        "(a) / b / c",
        "typeof  a",
        "9.95 * 1_0.5",
        "{ undefined: undefined, true: true }.false",
        "1e-3 + .5",
        "a ? .5 : b",
      ],
      ...[
        "{ a, ...b }",
        'html`<a  b="c  d">\n  x  y\n</a>`',
        "/* c */ (a)",
        "a // c\n",
        "(\na,\nb\n)",
        "async (a) => b",
      ],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(";", ";\n", "; // c\n", ";/* c\n */  "),
        (pieces, end) => {
          const script = pieces.map((one, index) => `const c${index} = ${one}`).join(end);
          const plain = pieces.every((one) => !one.startsWith("html"));
          assertEquals(meaningOf(smallScript(script)), meaningOf(script));
          if (plain) assertEquals(templatesOf(smallScript(script)), templatesOf(script));
          else assertEquals(templatesOf(smallScript(script)).map(rendered), templatesOf(script).map(rendered));
        },
      ),
    );
  });

  it("keeps semicolons and commas that mean something", () => {
    assertEquals(
      smallScript("{ a; }\n{ if (b) ; }\n{ while (c) ; }\nd = [ , ];"),
      "{a}{if(b);}{while(c);}d=[,];",
    );
  });

  it("has short names for its own things only, and exports theirs", () => {
    const script = `import { longName, other } from "./a.js"; export const kept = longName(longName.longName, longName);
      class Long { field = other; #hidden; method({ given, taken: renamed = given }) { return { given, renamed, field } } }
      export function also(document) { try { new Long(document); } catch (error) { report(error, [...document], kept) } }`;
    assertEquals(meaningOf(smallScript(script)), meaningOf(script));
    assertLess(smallScript(script).length, script.replace(/\s+/g, " ").length);
    assertNotEquals(
      meaningOf("const a = 1; b(a);"),
      meaningOf("const a = 1; a(a);"),
      "a name of its own is not a global one",
    );
    assertNotEquals(meaningOf("(a, b) => a"), meaningOf("(a, b) => b"));
    assertNotEquals(meaningOf("export const a = 1"), meaningOf("export const b = 1"));
    assertNotEquals(meaningOf("({ a }) => a"), meaningOf("({ b }) => b"), "a property is no name of its own");
  });

  it("is refused where a template has no end", () => {
    assertThrows(() => smallScript("a = `b"), SyntaxError, "a template has no end");
    assertThrows(() => smallScript("a = `b ${c"), SyntaxError, "a template has no end");
  });
});

describe("a style sheet of the page", () => {
  it("keeps its strings, its sums and what stands inside of another thing", () => {
    assertEquals(
      smallStyle('a :hover > b { width: calc(1px + 2px); content: "a  ; /* b */" }'),
      'a :hover>b{width:calc(1px + 2px);content:"a  ; /* b */"}',
    );
    assertEquals(
      smallStyle("a { /* b */ c: d , e;\n}\n\n@media (f: g) {\n  h { i: j }\n}\n"),
      "a{c:d,e}@media (f:g){h{i:j}}",
    );
  });
});

describe("the files of the page", () => {
  it("take less than 100 KB before they are packed", () => {
    const bytes = [...ASSETS.values()].reduce((sum, { text }) => sum + new TextEncoder().encode(text).length, 0);
    console.log(`The page's files have ${bytes} bytes.`);
    assert([...ASSETS.values()].every(({ source, text }) => text.length <= source.length));
    assertLess(bytes, 100_000);
  });
});
