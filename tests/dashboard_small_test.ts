/** The page's files as they are served: smaller than they are written, and the same for a browser. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { parse, type Program, type Token, tokenizer } from "acorn";
import fc from "fast-check";
import { html } from "htm/preact/standalone";
import { ASSETS } from "../dashboard/_assets.ts";
import { smallScript, smallStyle } from "../dashboard/small.ts";
import { tokensOf } from "../dashboard/tokens.ts";

const LANGUAGE = { ecmaVersion: "latest", sourceType: "module" } as const;
/** The modules of the page; its library comes small. */
const SCRIPTS = [...ASSETS].filter(([path]) => path.endsWith(".js") && path !== "/preact.js");

/** The tokens of a script as a parser of JavaScript sees them, without the text of templates. */
function parsed(script: string): string[] {
  const tokens: Token[] = [];
  parse(script, { ...LANGUAGE, onToken: tokens });
  return tokens.map(({ type: { label }, start, end }) =>
    label === "template" ? "template" : `${label} ${script.slice(start, end)}`
  );
}

interface Template {
  readonly tag: string;
  readonly pieces: readonly string[];
}

/** All templates of a script, as a parser of JavaScript finds them, with what they are tagged with. */
function templatesOf(script: string): Template[] {
  const found: Template[] = [];
  const visit = (node: unknown, tag: string): void => {
    if (Array.isArray(node)) return node.forEach((one) => visit(one, ""));
    if (node === null || typeof node !== "object" || !("type" in node)) return;
    if (node.type === "TemplateLiteral") {
      const { quasis } = node as unknown as { quasis: { value: { cooked: string } }[] };
      found.push({ tag, pieces: quasis.map(({ value }) => value.cooked) });
    }
    for (const [name, inner] of Object.entries(node)) {
      visit(inner, name === "quasi" ? (node as unknown as { tag: { name: string } }).tag.name : "");
    }
  };
  visit(parse(script, LANGUAGE) satisfies Program, "");
  return found;
}

/** What htm makes of a template whose values are marks. */
function rendered({ tag, pieces }: Template): unknown {
  if (tag !== "html") return pieces;
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
    it(`${path} has the same tokens and the same markup as it is written`, () => {
      assertEquals(parsed(text), parsed(source));
      assertEquals(templatesOf(text).map(rendered), templatesOf(source).map(rendered));
      assertEquals(smallScript(text), text, "it cannot become smaller again");
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
      ...["a / b", "a++ / 2", "a + +b", "a - --b", "[1, 2] / 3", "(a) / b / c", "typeof  a", "1e-3 + .5", "a ? .5 : b"],
      ...[
        "{ a, ...b }",
        'html`<a  b="c  d">\n  x  y\n</a>`',
        "/* c */ (a)",
        "a // c\n",
        "(\na,\nb\n)",
        "async (a) => b",
      ],
    );
    fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), fc.boolean(), (pieces, lines) => {
      const script = pieces.map((one, index) => `const c${index} = ${one}`).join(lines ? "\n" : ";  ");
      const plain = pieces.every((one) => !one.startsWith("html"));
      assertEquals(parsed(smallScript(script)), parsed(script));
      if (plain) assertEquals(templatesOf(smallScript(script)), templatesOf(script));
      else assertEquals(templatesOf(smallScript(script)).map(rendered), templatesOf(script).map(rendered));
    }));
  });

  it("keeps a line break that ends a statement", () => {
    assertEquals(smallScript("a\n b\n\n(c)\n  return // d\n e\n"), "a\nb\n(c)\nreturn\ne");
    assertEquals(smallScript("a =\n  b(\n  c,\n)\n.d ;"), "a=b(c,).d;");
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
  it("take less than 120 KB before they are packed", () => {
    const bytes = [...ASSETS.values()].reduce((sum, { text }) => sum + new TextEncoder().encode(text).length, 0);
    console.log(`The page's files have ${bytes} bytes.`);
    assert([...ASSETS.values()].every(({ source, text }) => text.length <= source.length));
    assertLess(bytes, 120_000);
  });
});
