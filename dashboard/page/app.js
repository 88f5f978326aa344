/** The page of a job: its figures as they come. */
import { html, render } from "./preact.js";

await openSession();
const stream = new EventSource("/api/events");
stream.addEventListener("details", ({ data }) => show(JSON.parse(data)));

/** Gives the token of the address for a cookie, and takes it out of the address. */
async function openSession() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname);
  await fetch("/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
}

/** @param {{ job: string, state: string, records_in: number }} details */
function show({ job, state, records_in }) {
  render(
    html`
      <h1>${job}</h1>
      <p>${state}, ${records_in} records</p>
    `,
    document.body,
  );
}
