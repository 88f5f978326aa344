/**
 * The page's one library, Preact with htm. The server has the library itself under this name; this file is for tools,
 * which find its types here.
 */
export * from "htm/preact/standalone";
