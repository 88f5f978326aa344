/**
 * Schemas of a registry together with those that they name.
 *
 * @module
 */
import type { RegistrySchema, SchemaRegistry } from "./registry.ts";

/** How many schemas a schema may name, with those that they name. */
const MOST_REFERENCES = 1000;

/** Whether something is a schema registry, and no schema. */
export function isRegistry(one: unknown): one is SchemaRegistry {
  return typeof one === "object" && one !== null && typeof (one as Partial<SchemaRegistry>).byId === "function";
}

/** The schemas that a schema names, by their names. Each comes after those that it names itself. */
export async function referencesOf(
  registry: SchemaRegistry,
  { references }: RegistrySchema,
  found: Map<string, string> = new Map(),
): Promise<ReadonlyMap<string, string>> {
  for (const reference of references) {
    if (found.has(reference.name)) continue;
    if (found.size >= MOST_REFERENCES) throw new RangeError(`its schema names more than ${MOST_REFERENCES} others`);
    const schema = await registry.referenced(reference);
    // Marks its place, so that schemas that name each other come to an end.
    found.set(reference.name, schema.schema);
    await referencesOf(registry, schema, found);
    found.delete(reference.name);
    found.set(reference.name, schema.schema);
  }
  return found;
}

/** The texts of the schemas that a schema names. */
export async function textsOf(registry: SchemaRegistry, schema: RegistrySchema): Promise<readonly string[]> {
  return [...(await referencesOf(registry, schema)).values()];
}
