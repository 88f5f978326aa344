/** The drawing of a product. */
import { html } from "../preact.js";
import { AWAY } from "./away.js";
import { GARDEN } from "./garden.js";
import { NIGHT } from "./night.js";
import { PAPER } from "./paper.js";
import { PLAY } from "./play.js";
import { TEA } from "./tea.js";

/** The drawings by the ids of their products. */
export const DRAWINGS = { ...TEA, ...NIGHT, ...GARDEN, ...PAPER, ...PLAY, ...AWAY };

/** What has no drawing comes in a parcel. */
const parcel = () =>
  html`
    <rect x="28" y="44" width="64" height="58" rx="4" fill="#c99a64" />
    <rect x="55" y="44" width="10" height="58" fill="#e07a4b" />
    <path d="M60 44C40 40 38 22 50 22C58 22 60 36 60 44C60 36 62 22 70 22C82 22 80 40 60 44Z" fill="#e07a4b" />
  `;

/** Decoration only: the name stands beside it. */
export function Art({ id, category }) {
  const draw = Object.hasOwn(DRAWINGS, id) ? DRAWINGS[id] : parcel;
  return html`
    <span class="art" data-category=${category}>
      <svg viewBox="0 0 120 120" aria-hidden="true" focusable="false">
        <ellipse class="ground" cx="60" cy="103" rx="40" ry="4.5" />
        ${draw()}
      </svg>
    </span>
  `;
}
