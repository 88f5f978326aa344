/** Drawings of paper and ink. */
import { html } from "../preact.js";

const PENCILS = ["#e07a4b", "#eab64c", "#5f8b5f", "#4f8f94", "#6a6fa8", "#8c5a7d"];
const HEIGHTS = [30, 24, 33, 22, 28, 36];

export const PAPER = {
  "bad-ideas": () =>
    html`
      <g transform="rotate(-4 60 62)">
        <rect x="38" y="24" width="54" height="78" rx="4" fill="#fff4dc" />
        <rect x="32" y="22" width="56" height="80" rx="5" fill="#8c5a7d" />
        <path d="M37 22h6v80h-6q-5 0-5-5V27q0-5 5-5" fill="#6d4362" />
        <rect x="51" y="36" width="28" height="32" rx="3" fill="#fff4dc" />
        <path d="M65 41a7.5 7.5 0 0 1 4 13.700v3.300h-8v-3.300a7.5 7.5 0 0 1 4-13.7" fill="#eab64c" />
        <path d="M61.5 61.500h7" stroke="#7a5640" stroke-width="2.4" stroke-linecap="round" />
        <path d="M54 64L76 40" stroke="#b9532f" stroke-width="2.6" stroke-linecap="round" />
        <rect x="81" y="22" width="3.6" height="80" fill="#2b2a33" opacity="0.75" />
      </g>
    `,
  "sea-pen": () =>
    html`
      <path
        d="M16 100q9-9 18 0t18 0q6-5 11-2"
        fill="none"
        stroke="#4f8f94"
        stroke-width="2.8"
        stroke-linecap="round"
      />
      <g transform="rotate(38 64 62)">
        <rect x="55" y="-2" width="17" height="52" rx="7" fill="#4f8f94" />
        <rect x="58" y="4" width="4" height="40" rx="2" fill="#74adb1" />
        <path d="M55.5 50H71.500L69 84H58Z" fill="#3c7377" />
        <rect x="54.5" y="46" width="18" height="6" rx="2" fill="#eab64c" />
        <rect x="69" y="4" width="3.6" height="30" rx="1.8" fill="#eab64c" />
        <path d="M58 84H69L63.5 106Z" fill="#eab64c" />
        <path d="M63.5 91V104" stroke="#7a5640" stroke-width="1.5" />
        <circle cx="63.5" cy="91" r="1.8" fill="#7a5640" />
      </g>
    `,
  "letter-set": () =>
    html`
      <rect x="32" y="22" width="56" height="50" rx="3" fill="#fff9ec" />
      <path d="M40 33h34M40 41h40M40 49h28" stroke="#b8b0a4" stroke-width="2.6" stroke-linecap="round" />
      <path d="M22 54L60 78L98 54V97q0 5-5 5H27q-5 0-5-5Z" fill="#ecd5a8" />
      <path d="M22 98L52 74L60 79L68 74L98 98q-1 4-5 4H27q-4 0-5-4" fill="#dfc28b" />
      <circle cx="60" cy="80" r="11" fill="#b23a2f" />
      <circle cx="60" cy="80" r="7.5" fill="#cc5446" />
      <path
        d="M60 84.500c-6-4-5-8-2.2-8.200q1.6 0 2.2 1.600q.6-1.6 2.2-1.600c2.8.2 3.8 4.2-2.2 8.2"
        fill="#ffe4dc"
      />
    `,
  "blue-ink": () =>
    html`
      <path d="M36 66Q36 58 44 58H76Q84 58 84 66V93Q84 102 75 102H45Q36 102 36 93Z" fill="#34508f" />
      <rect x="40" y="64" width="6" height="32" rx="3" fill="#5674b8" />
      <rect x="47" y="48" width="26" height="12" fill="#274078" />
      <rect x="44" y="32" width="32" height="18" rx="5" fill="#2b2a33" />
      <path d="M50 37v8M56 37v8M62 37v8M68 37v8" stroke="#55535f" stroke-width="2" stroke-linecap="round" />
      <rect x="50" y="69" width="27" height="23" rx="3" fill="#fff4dc" />
      <circle cx="63.5" cy="80.5" r="7" fill="#34508f" />
      <path d="M63.5 80.500V76M63.5 80.500h-3.6" stroke="#fff4dc" stroke-width="1.8" stroke-linecap="round" />
      <path d="M98 84q7 10 0 14q-7-4 0-14Z" fill="#34508f" />
    `,
  "lent-novel": () =>
    html`
      <path d="M70 98v14l5-4.500l5 4.500V98Z" fill="#e07a4b" />
      <rect x="36" y="27" width="54" height="75" rx="3" fill="#fff4dc" />
      <path d="M36 20h46q5 0 5 5v68q0 4-5 4H36q-4 0-4 4V25q0-5 4-5" fill="#3f6b4f" />
      <path d="M32 25q0-5 5-5h5v77h-5q-4 0-5 3.500Z" fill="#2f5340" />
      <path d="M51 30h28v44H51Z" fill="#f0e2bd" />
      <circle cx="65" cy="46" r="8" fill="#e07a4b" />
      <path d="M51 74V64l9-10l7 8l4-4l8 9v7Z" fill="#2f3e63" />
      <path d="M53 84h24" stroke="#f6dc94" stroke-width="3" stroke-linecap="round" />
    `,
  "pencil-six": () =>
    html`
      ${PENCILS.map((colour, index) => {
        const [x, top] = [33 + index * 9, HEIGHTS[index]];
        return html`
          <path d=${`M${x} ${top + 13}h9V80h-9Z`} fill=${colour} />
          <path d=${`M${x} ${top + 13}l4.5-13l4.5 13Z`} fill="#ecd5a8" />
          <path d=${`M${x + 2.9} ${top + 4.6}l1.6-4.6l1.6 4.6Z`} fill=${colour} />
        `;
      })}
      <rect x="29" y="60" width="62" height="42" rx="5" fill="#c99a64" />
      <path d="M29 70h62" stroke="#a97a47" stroke-width="2" />
      <rect x="42" y="76" width="36" height="17" rx="3" fill="#fff4dc" />
      <path d="M49 84.500h22" stroke="#7a5640" stroke-width="3" stroke-linecap="round" />
    `,
};
