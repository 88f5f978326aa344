/**
 * Base64, as logins and descriptors of Protobuf are sent.
 *
 * @module
 */

/** Bytes in base64. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at]);
  return btoa(text);
}

/** A text's UTF-8 in base64. */
export function encodeBase64Text(text: string): string {
  return encodeBase64(new TextEncoder().encode(text));
}

/**
 * The bytes of base64.
 *
 * @throws {Error} when the text is not base64
 */
export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
