/**
 * The token of the page's address becomes a cookie. The token stands in the fragment, which no browser sends, so it is in
 * no log and no trace.
 *
 * @module
 */
import { type Asked, bodyOf, Refused } from "./asked.ts";
import { cookieName, proofOf } from "./guard.ts";

/** `POST /session {token}`: gives the cookie. */
export async function openSession({ request, place: { token }, port }: Asked): Promise<Response> {
  const { token: given } = await bodyOf(request);
  if (typeof given !== "string") throw new Refused(400, "The token must be text");
  if (token === undefined) return new Response(null, { status: 204 });
  const proof = await proofOf(token);
  if (await proofOf(given) !== proof) throw new Refused(401, "This is not the token of this server");
  const cookie = `${cookieName(port)}=${proof}; Path=/; HttpOnly; SameSite=Strict`;
  return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
}
