/** Expected text of pictures in tests. */

/** Lines of text without the spaces by which the code is indented. A dot in the middle is a space that is to stay. */
export function lines(parts: TemplateStringsArray): string {
  return parts[0].replace(/^\n/, "").replace(/^ +/gm, "").replaceAll("·", " ");
}
