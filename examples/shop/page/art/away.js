/** Drawings of things to take out and away. */
import { html } from "../preact.js";

export const AWAY = {
  "puddle-boots": () =>
    html`
      <ellipse cx="62" cy="103" rx="50" ry="6" fill="#8fb8d6" />
      <path d="M60 26H82V70Q100 72 103 88V96H60Z" fill="#c99430" />
      <rect x="58" y="22" width="26" height="9" rx="3" fill="#a97722" />
      <path d="M28 34H52V78Q71 80 74 95V102H28Z" fill="#eab64c" />
      <rect x="26" y="29" width="28" height="10" rx="3.5" fill="#c99430" />
      <rect x="27" y="96" width="48" height="7" rx="3" fill="#7a5640" />
      <rect x="33" y="44" width="5" height="42" rx="2.5" fill="#f6dc94" />
      <path
        d="M14 92q5 8 0 11q-5-3 0-11M106 76q5 8 0 11q-5-3 0-11"
        fill="#7aa6c6"
      />
    `,
  "apple-rucksack": () =>
    html`
      <circle cx="82" cy="34" r="12" fill="#cf4a3a" />
      <path d="M82 24q0-7 6-10" fill="none" stroke="#7a5640" stroke-width="3" stroke-linecap="round" />
      <path d="M85 20q6-6 12-2q-5 7-12 2" fill="#5f8b5f" />
      <path d="M50 32Q50 18 60 18Q70 18 70 32" fill="none" stroke="#7a5640" stroke-width="5" />
      <path d="M32 52Q32 30 60 30Q88 30 88 52V91Q88 102 77 102H43Q32 102 32 91Z" fill="#3f6b4f" />
      <path d="M32 54Q32 30 60 30Q88 30 88 54Q60 70 32 54Z" fill="#5f8b5f" />
      <rect x="41" y="74" width="38" height="22" rx="5" fill="#345a43" />
      <path d="M41 81h38" stroke="#5f8b5f" stroke-width="2" />
      <rect x="55.5" y="56" width="9" height="17" rx="2.5" fill="#7a5640" />
      <rect x="54" y="64" width="12" height="8" rx="2" fill="#eab64c" />
      <path d="M26 64q-5 14 4 28M94 64q5 14-4 28" fill="none" stroke="#345a43" stroke-width="5" stroke-linecap="round" />
    `,
  "walk-thermos": () =>
    html`
      <path d="M75 50C99 54 99 90 75 94" fill="none" stroke="#7a5640" stroke-width="4.5" />
      <path d="M46 42V22Q46 14 54 14H68Q76 14 76 22V42Z" fill="#c3ccd1" />
      <rect x="50" y="20" width="5" height="18" rx="2.5" fill="#e6ecef" />
      <rect x="43" y="40" width="36" height="62" rx="8" fill="#4a7382" />
      <rect x="43" y="54" width="36" height="9" fill="#eab64c" />
      <rect x="49" y="68" width="6" height="27" rx="3" fill="#7ea5b2" />
      <path d="M61 84l6-9l3 4l3-3l6 8Z" fill="#dfe9ec" />
      <circle cx="73" cy="72" r="2.4" fill="#f6dc94" />
    `,
  "sunny-umbrella": () =>
    html`
      <path
        d="M60 56V94Q60 104 51 104Q42 104 42 95"
        fill="none"
        stroke="#7a5640"
        stroke-width="4.5"
        stroke-linecap="round"
      />
      <path d="M60 12V22" stroke="#7a5640" stroke-width="4" stroke-linecap="round" />
      <path
        d="M12 62Q16 20 60 20Q104 20 108 62Q100 53 92 62Q84 53 76 62Q68 53 60 62Q52 53 44 62Q36 53 28 62Q20 53 12 62Z"
        fill="#43548a"
      />
      <path d="M44 62Q46 34 60 20Q74 34 76 62Q68 53 60 62Q52 53 44 62Z" fill="#eab64c" />
      <path d="M12 62Q16 20 60 20Q34 30 28 62Q20 53 12 62Z" fill="#eab64c" />
      <path d="M108 62Q104 20 60 20Q86 30 92 62Q100 53 108 62Z" fill="#eab64c" />
    `,
  "home-compass": () =>
    html`
      <circle cx="60" cy="19" r="8" fill="none" stroke="#b9832b" stroke-width="4" />
      <rect x="55" y="25" width="10" height="8" rx="2" fill="#b9832b" />
      <circle cx="60" cy="66" r="37" fill="#d9a441" />
      <circle cx="60" cy="66" r="30" fill="#fff4e4" />
      <path
        d="M60 39v5M60 88v5M33 66h5M82 66h5"
        stroke="#7a5640"
        stroke-width="2.6"
        stroke-linecap="round"
      />
      <g transform="rotate(32 60 66)">
        <path d="M60 43L67 66H53Z" fill="#cf4a3a" />
        <path d="M53 66H67L60 89Z" fill="#2f3e63" />
      </g>
      <circle cx="60" cy="66" r="3.4" fill="#eab64c" />
    `,
  "small-tent": () =>
    html`
      <path d="M60 28V16" stroke="#7a5640" stroke-width="3.5" stroke-linecap="round" />
      <path d="M61 15l16 5l-16 6Z" fill="#4f8f94" />
      <path d="M20 98L8 103M100 98L112 103" stroke="#7a5640" stroke-width="2.4" stroke-linecap="round" />
      <path d="M12 102L60 26L108 102Z" fill="#e07a4b" />
      <path d="M60 26L108 102H86Z" fill="#c9633a" />
      <path d="M60 52L42 102H78Z" fill="#2f3e63" />
      <path d="M60 52L78 102H88Z" fill="#f2b392" />
      <path d="M60 52L42 102H34Z" fill="#f2b392" />
      <circle cx="57" cy="88" r="2" fill="#f6dc94" />
      <circle cx="64" cy="80" r="1.5" fill="#f6dc94" />
    `,
};
