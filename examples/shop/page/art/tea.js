/** Drawings of the tea table. Each fills a square of 120 units and stands on the line y = 102. */
import { html } from "../preact.js";

export const TEA = {
  "half-moon-teapot": () =>
    html`
      <path d="M29 60C10 56 11 91 32 87" fill="none" stroke="#3c7377" stroke-width="6" stroke-linecap="round" />
      <path d="M84 66C98 66 95 52 106 49L109 55C101 59 102 79 84 84Z" fill="#4f8f94" />
      <rect x="42" y="97" width="32" height="6" rx="3" fill="#3c7377" />
      <ellipse cx="58" cy="74" rx="32" ry="27" fill="#4f8f94" />
      <path d="M38 54Q58 37 78 54Q58 61 38 54Z" fill="#3c7377" />
      <circle cx="58" cy="42" r="4.5" fill="#eab64c" />
      <path d="M55 62a14 14 0 1 0 15 21a12.5 12.5 0 0 1-15-21Z" fill="#f6dc94" />
    `,
  "cloud-mug": () =>
    html`
      <path
        d="M50 39q-5-6 0-12t0-12M64 39q-5-6 0-12t0-12"
        fill="none"
        stroke="#b8b0a4"
        stroke-width="3"
        stroke-linecap="round"
      />
      <path d="M80 58C103 54 103 87 78 86" fill="none" stroke="#7aa6c6" stroke-width="7" stroke-linecap="round" />
      <path d="M32 49H82V86Q82 102 66 102H48Q32 102 32 86Z" fill="#8fb8d6" />
      <ellipse cx="57" cy="49" rx="25" ry="5.5" fill="#fff9ec" />
      <ellipse cx="57" cy="49.6" rx="21.5" ry="3.8" fill="#7a5640" />
      <g fill="#fff9ec">
        <circle cx="47" cy="79" r="7.5" />
        <circle cx="57" cy="74" r="10" />
        <circle cx="67.5" cy="79.5" r="7" />
        <rect x="42" y="78" width="30" height="8.5" rx="4.2" />
      </g>
    `,
  "smoky-tea": () =>
    html`
      <path
        d="M60 32q-8-6 0-12t0-12"
        fill="none"
        stroke="#b8b0a4"
        stroke-width="3.5"
        stroke-linecap="round"
      />
      <rect x="36" y="44" width="48" height="58" rx="6" fill="#b9532f" />
      <rect x="36" y="44" width="9" height="58" rx="4.5" fill="#cf6a42" />
      <rect x="33" y="36" width="54" height="14" rx="5" fill="#8f3d22" />
      <rect x="45" y="60" width="32" height="31" rx="3" fill="#fff4dc" />
      <path d="M61 86C50 80 52 69 61 65C70 69 72 80 61 86Z" fill="#5f8b5f" />
      <path d="M61 87V72" stroke="#3f6b4f" stroke-width="1.8" stroke-linecap="round" />
    `,
  "honey-jar": () =>
    html`
      <path d="M62 44L78 20" stroke="#7a5640" stroke-width="4" stroke-linecap="round" />
      <g transform="rotate(33 80 17)" fill="#c99a64">
        <rect x="73" y="7" width="14" height="4.6" rx="2.3" />
        <rect x="71.5" y="13" width="17" height="4.6" rx="2.3" />
        <rect x="73" y="19" width="14" height="4.6" rx="2.3" />
      </g>
      <path d="M38 54Q33 58 33 67V91Q33 102 44 102H76Q87 102 87 91V67Q87 58 82 54Z" fill="#eab64c" />
      <rect x="39" y="66" width="6" height="28" rx="3" fill="#f6dc94" />
      <rect x="37" y="43" width="46" height="12" rx="4.5" fill="#9b5f3f" />
      <path d="M63 66l11 6.5v13l-11 6.5l-11-6.5v-13z" fill="#fff4dc" />
      <circle cx="63" cy="79" r="4" fill="#b9832b" />
    `,
  "biscuit-tin": () =>
    html`
      <circle cx="45" cy="49" r="15" fill="#d9a864" />
      <circle cx="73" cy="51" r="14" fill="#cb9550" />
      <g fill="#6d4a37">
        <circle cx="40" cy="43" r="2" />
        <circle cx="49" cy="41" r="2" />
        <circle cx="46" cy="50" r="2" />
        <circle cx="70" cy="44" r="1.9" />
        <circle cx="78" cy="48" r="1.9" />
      </g>
      <rect x="28" y="58" width="64" height="44" rx="8" fill="#2f3e63" />
      <rect x="28" y="73" width="64" height="13" fill="#e07a4b" />
      <path d="M36 79.5h6m6 0h6m6 0h6m6 0h6" stroke="#ffe4c9" stroke-width="3" stroke-linecap="round" />
      <rect x="25" y="55" width="70" height="8" rx="4" fill="#46588c" />
    `,
  "egg-cup": () =>
    html`
      <path
        d="M60 22C74 22 83 42 83 55C83 70 73 76 60 76C47 76 37 70 37 55C37 42 46 22 60 22Z"
        fill="#f4dcc0"
      />
      <path d="M50 34q-5 7-6 15" fill="none" stroke="#fff4e4" stroke-width="4" stroke-linecap="round" />
      <path d="M51 84V98M69 84V98" stroke="#3f6b4f" stroke-width="5" stroke-linecap="round" />
      <path d="M33 58H87C87 79 75 87 60 87C45 87 33 79 33 58Z" fill="#5f8b5f" />
      <g fill="#f6dc94">
        <circle cx="46" cy="69" r="3" />
        <circle cx="60" cy="74" r="3" />
        <circle cx="74" cy="69" r="3" />
      </g>
      <ellipse cx="47" cy="100" rx="8.5" ry="4" fill="#e07a4b" />
      <ellipse cx="73" cy="100" rx="8.5" ry="4" fill="#e07a4b" />
    `,
};
