/** Drawings of the window garden. */
import { html } from "../preact.js";

const FRONDS = [
  "M60 68C59 46 52 28 34 22",
  "M60 68C61 44 70 28 88 24",
  "M60 68C60 46 61 28 60 12",
  "M59 68C52 54 40 48 22 52",
  "M61 68C68 54 82 48 99 54",
];

const PETALS = [0, 72, 144, 216, 288];

export const GARDEN = {
  "blue-fern": () =>
    html`
      ${FRONDS.map((d) =>
        html`<path d=${d} fill="none" stroke="#5f8b5f" stroke-width="13" stroke-dasharray="3 3.4" />`
      )}
      ${FRONDS.map((d) => html`<path d=${d} fill="none" stroke="#3f6b4f" stroke-width="2.6" stroke-linecap="round" />`)}
      <path d="M41 74H79L74 102H46Z" fill="#4b78b5" />
      <path d="M41 74H50L53 102H46Z" fill="#6690c6" />
      <rect x="37" y="66" width="46" height="11" rx="4" fill="#3c639a" />
    `,
  "watering-can": () =>
    html`
      <path d="M46 58C45 36 75 36 74 58" fill="none" stroke="#b9832b" stroke-width="5" />
      <path d="M80 66C110 58 107 98 82 93" fill="none" stroke="#b9832b" stroke-width="5.5" stroke-linecap="round" />
      <path d="M38 92L17 58L23 54L44 74Z" fill="#d9a441" />
      <ellipse cx="19" cy="54" rx="10" ry="4.6" transform="rotate(-33 19 54)" fill="#b9832b" />
      <path d="M39 58H81L85 102H35Z" fill="#e0ae4f" />
      <path d="M44 58H53L51 102H43Z" fill="#f0cb80" />
      <ellipse cx="60" cy="58" rx="21" ry="4.6" fill="#b9832b" />
      <g fill="#7aa6c6">
        <path d="M10 64q4.5 7 0 9.4q-4.5-2.4 0-9.4Z" />
        <path d="M18 76q4.5 7 0 9.4q-4.5-2.4 0-9.4Z" />
        <path d="M7 82q4.5 7 0 9.4q-4.5-2.4 0-9.4Z" />
      </g>
    `,
  "lazy-seeds": () =>
    html`
      <g transform="rotate(-5 60 64)">
        <rect x="35" y="24" width="50" height="78" rx="4" fill="#fff4dc" />
        <path d="M35 28q0-4 4-4h42q4 0 4 4v12H35Z" fill="#5f8b5f" />
        <path d="M43 32h34" stroke="#fff4dc" stroke-width="3" stroke-linecap="round" />
        <path d="M60 68V94M60 88q-9 0-11-8q10 0 11 8" stroke="#5f8b5f" stroke-width="3" fill="#5f8b5f" />
        <g fill="#e07a4b">
          ${PETALS.map((turn) =>
            html`<ellipse cx="60" cy="51" rx="6" ry="8.5" transform=${`rotate(${turn} 60 62)`} />`
          )}
        </g>
        <circle cx="60" cy="62" r="5.5" fill="#eab64c" />
      </g>
      <g fill="#7a5640">
        <ellipse cx="98" cy="99" rx="4" ry="2.5" transform="rotate(-20 98 99)" />
        <ellipse cx="22" cy="100" rx="4" ry="2.5" transform="rotate(15 22 100)" />
        <ellipse cx="104" cy="91" rx="3.4" ry="2.2" transform="rotate(40 104 91)" />
      </g>
    `,
  "kind-cactus": () =>
    html`
      <g fill="none" stroke="#5f8b5f" stroke-width="11" stroke-linecap="round" stroke-linejoin="round">
        <path d="M50 62H37Q33 62 33 56V46" />
        <path d="M70 54H83Q87 54 87 48V38" />
      </g>
      <rect x="45" y="26" width="30" height="54" rx="15" fill="#6f9d6c" />
      <g fill="none" stroke="#2b2a33" stroke-width="2.4" stroke-linecap="round">
        <path d="M55 58q5 5 10 0" />
      </g>
      <circle cx="53.5" cy="51" r="2.3" fill="#2b2a33" />
      <circle cx="66.5" cy="51" r="2.3" fill="#2b2a33" />
      <circle cx="49.5" cy="56" r="2.6" fill="#eab3a2" />
      <circle cx="70.5" cy="56" r="2.6" fill="#eab3a2" />
      <g fill="#e88aa0">
        ${PETALS.map((turn) => html`<circle cx="60" cy="20" r="4.4" transform=${`rotate(${turn} 60 25)`} />`)}
      </g>
      <circle cx="60" cy="25" r="3.4" fill="#f6dc94" />
      <path d="M40 80H80L76 102H44Z" fill="#e07a4b" />
      <rect x="36" y="73" width="48" height="10" rx="4" fill="#b9532f" />
    `,
  "bee-hotel": () =>
    html`
      <rect x="29" y="52" width="62" height="50" rx="3" fill="#c99a64" />
      <g fill="#5c3f2e">
        ${[64, 78, 92].flatMap((y) => [44, 60, 76].map((x) => html`<circle cx=${x} cy=${y} r="5.2" />`))}
      </g>
      <path d="M18 56L60 22L102 56L97 61L60 33L23 61Z" fill="#b9532f" />
      <path d="M29 56L60 33L91 56Z" fill="#dcb582" />
      <path d="M60 40l1.9 4.2l4.5.5l-3.4 3l1 4.5l-4-2.3l-4 2.3l1-4.5l-3.4-3l4.5-.5Z" fill="#fff4dc" />
      <g transform="rotate(-14 96 30)">
        <ellipse cx="94" cy="23" rx="5" ry="6.5" fill="#cfe0ea" />
        <ellipse cx="96" cy="31" rx="9.5" ry="6.5" fill="#eab64c" />
        <path d="M93 25v12M98.5 25v12" stroke="#2b2a33" stroke-width="2.6" />
      </g>
    `,
  "old-trowel": () =>
    html`
      <g transform="rotate(28 60 60)">
        <rect x="53.5" y="8" width="13" height="38" rx="6.5" fill="#9b6a45" />
        <rect x="53.5" y="14" width="13" height="4" fill="#7a5640" />
        <path d="M60 46V60" stroke="#7f8a92" stroke-width="6" />
        <rect x="55" y="42" width="10" height="7" rx="2" fill="#7f8a92" />
        <path d="M60 56C80 60 80 88 60 110C40 88 40 60 60 56Z" fill="#aab4bb" />
        <path d="M60 60C70 66 72 86 60 106Z" fill="#8f9aa2" />
      </g>
      <ellipse cx="34" cy="103" rx="18" ry="4.5" fill="#7a5640" />
    `,
};
