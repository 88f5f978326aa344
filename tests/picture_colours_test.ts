/** The colours of pictures can be told from their ground. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { linesStyle, style } from "../pictures/figures/style.js";

describe("the colours", () => {
  const [light, dark] = [...style.matchAll(/\{((?:\s*--[\w-]+:#[0-9a-f]{6};)+)/g)].map(([, block]) =>
    Object.fromEntries([...block.matchAll(/--([\w-]+):(#[0-9a-f]{6})/g)].map(([, name, colour]) => [name, colour]))
  );
  for (const [theme, colours] of Object.entries({ light, dark })) {
    it(`can be told from their ground in the ${theme} theme: text by 4.5 to 1, signs by 3 to 1`, () => {
      assertEquals(Object.keys(colours), Object.keys(light));
      const weak = (names: string[], grounds: string[], least: number) =>
        names.flatMap((name) => grounds.map((ground) => ({ name, ground }))).filter(({ name, ground }) =>
          contrast(colours[name], colours[ground]) < least
        );
      assertEquals(weak(["ink", "muted", "late", "on", "early", "after"], ["paper"], 4.5), []);
      const ofLines = [...linesStyle.matchAll(/--curve:var\(--(\w+)\)/g)].map(([, name]) => name);
      assertEquals([ofLines.length, weak(ofLines, ["paper"], 4.5)], [8, []]);
      assertEquals(weak(["water", "late", "p0", "p1", "p2", "p3", "on", "early", "after"], ["paper", "band"], 3), []);
    });
  }
});

/** The contrast of two colours, as the Web Content Accessibility Guidelines define it. */
function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
