/**
 * Names of products and users, each as one string. Every event brings strings of its own. Strings of one name are told apart
 * from those of another one by their characters, and one and the same string by its address alone. States hold each name many
 * times, which takes less memory with one string.
 */

/** How many names are remembered. */
const REMEMBERED = 50_000;

const known = new Map<string, string>();

/** The string that stands for all strings of this name. */
export function interned(name: string): string {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= REMEMBERED) known.clear();
  // The engine keeps one string for each name of a property.
  const [own] = Object.keys({ [name]: true });
  known.set(own, own);
  return own;
}
