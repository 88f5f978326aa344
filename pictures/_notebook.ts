/**
 * The notebook in which the program runs, if it runs in one.
 *
 * @module
 */

/** A picture by its media types, as a notebook takes it. */
export interface Display {
  /** As text. */
  readonly "text/plain": string;
  /** As HTML with inline styles only, and without script. */
  readonly "text/html": string;
  /** As SVG, where it is one. */
  readonly "image/svg+xml"?: string;
}

/** The part of Deno's kernel that is used. */
export interface Notebook {
  /** Sends a message to all who have the notebook open. */
  broadcast(type: "display_data" | "update_display_data", content: NotebookContent): Promise<void>;
}

/** What a notebook shows in one place. */
export interface NotebookContent {
  readonly data: Display;
  readonly metadata: Readonly<Record<string, never>>;
  /** The place. An update replaces all that was shown under the same name. */
  readonly transient: { readonly display_id: string };
}

/** The notebook of this program; `undefined` outside of one, where asking for it throws. */
export function notebookHere(): Notebook | undefined {
  try {
    return (Deno as unknown as { readonly jupyter: Notebook }).jupyter;
  } catch {
    return undefined;
  }
}
