/** A small check of XML: elements are closed in their order, and every `<` and `&` belongs to the markup. */

/** What is wrong with a document. */
export function wellFormed(xml: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)(\/?)>/gi,
    (_all, closes: string, name: string, _attributes: string, empty: string) => {
      if (closes !== "" && open.pop() !== name) wrong.push(`</${name}> closes another element`);
      if (closes === "" && empty === "") open.push(name);
      return "";
    },
  ).replace(/&(amp|lt|gt|quot|#39);/g, "");
  // deno-lint-ignore no-control-regex -- XML does not allow them
  const stray = /.{0,20}[<&\u0000-\u0008\u000b-\u001f\ufffe\uffff].{0,20}/.exec(rest)?.[0];
  return [...wrong, ...open.map((name) => `<${name}> is not closed`), ...(stray === undefined ? [] : [stray])];
}
