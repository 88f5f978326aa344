/**
 * `deno task conformance [FILE]`: runs the cases of a file through the public operators, and prints for each kind how
 * many passed, failed and were skipped. A case is skipped for a reason, which is printed. Exits with 1 when one fails.
 */
import { parseArgs } from "node:util";
import { report } from "../support/conformance_report.ts";

const HELP = `deno task conformance [FILE]

  FILE    cases of event-time semantics as data (tests/conformance/cases.json; the form is described beside it)
  --help  this text`;

function main(args: readonly string[]): number {
  let path: string | URL;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { help: { type: "boolean" } },
      allowPositionals: true,
    });
    if (values.help === true) {
      console.log(HELP);
      return 0;
    }
    if (positionals.length > 1) throw new TypeError("only one file can be named");
    path = positionals[0] ?? new URL("cases.json", import.meta.url);
  } catch (error) {
    console.error(`${(error as Error).message}\n--help lists what there is.`);
    return 2;
  }
  let cases: unknown;
  try {
    cases = JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    console.error(`Cannot read the cases of ${path}: ${(error as Error).message}`);
    return 2;
  }
  const { lines, failed } = report(cases);
  for (const line of lines) console.log(line);
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(main(Deno.args));
