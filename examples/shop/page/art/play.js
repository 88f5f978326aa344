/** Drawings of things to play with. */
import { html } from "../preact.js";

export const PLAY = {
  "easy-kite": () =>
    html`
      <path d="M60 84C44 92 74 100 56 112" fill="none" stroke="#7a5640" stroke-width="2.4" stroke-linecap="round" />
      <g transform="rotate(12 60 50)">
        <path d="M60 8L94 44L60 88L26 44Z" fill="#e07a4b" />
        <path d="M60 8L94 44H60Z" fill="#eab64c" />
        <path d="M26 44H60V88Z" fill="#4f8f94" />
        <path d="M60 8V88M26 44H94" stroke="#fff4dc" stroke-width="2" />
      </g>
      <g fill="#e07a4b">
        <path d="M60 94l-9-4v9ZM60 94l8-5l1 9Z" />
        <path d="M61 104l-9-3l1 9ZM61 104l8-4v9Z" fill="#eab64c" />
      </g>
    `,
  "long-top": () =>
    html`
      <g fill="none" stroke="#b8b0a4" stroke-width="3" stroke-linecap="round">
        <path d="M16 62q-8 12 3 24M104 62q8 12-3 24M24 92q4 6 12 8M96 92q-4 6-12 8" />
      </g>
      <rect x="56.5" y="18" width="7" height="34" rx="3.5" fill="#7a5640" />
      <circle cx="60" cy="19" r="6" fill="#eab64c" />
      <path d="M25 58Q60 36 95 58Q86 84 60 103Q34 84 25 58Z" fill="#e07a4b" />
      <path d="M28 66Q60 50 92 66L87 76Q60 63 33 76Z" fill="#f6dc94" />
      <path d="M39 84Q60 74 81 84L75 90Q60 82 45 90Z" fill="#4f8f94" />
    `,
  "whole-puzzle": () =>
    html`
      <g transform="rotate(-7 60 66)">
        <rect x="27" y="33" width="33" height="33" rx="4" fill="#4f8f94" />
        <rect x="60" y="33" width="33" height="33" rx="4" fill="#eab64c" />
        <rect x="27" y="66" width="33" height="33" rx="4" fill="#e07a4b" />
        <circle cx="60" cy="50" r="7.5" fill="#4f8f94" />
        <circle cx="44" cy="66" r="7.5" fill="#e07a4b" />
      </g>
      <g transform="translate(8 6) rotate(9 76 82)">
        <rect x="60" y="66" width="33" height="33" rx="4" fill="#5f8b5f" />
        <circle cx="60" cy="83" r="7.5" fill="#5f8b5f" />
        <circle cx="77" cy="65" r="7.5" fill="#5f8b5f" />
      </g>
    `,
  "lucky-dice": () =>
    html`
      <g transform="rotate(14 82 66)">
        <rect x="58" y="40" width="46" height="46" rx="10" fill="#e07a4b" />
        <g fill="#fff4e4">
          <circle cx="70" cy="52" r="4.2" />
          <circle cx="81" cy="63" r="4.2" />
          <circle cx="92" cy="74" r="4.2" />
        </g>
      </g>
      <g transform="rotate(-11 42 78)">
        <rect x="18" y="54" width="48" height="48" rx="10" fill="#fff4e4" />
        <rect x="18" y="54" width="48" height="48" rx="10" fill="none" stroke="#e6cfa3" stroke-width="2" />
        <g fill="#2f3e63">
          <circle cx="30" cy="66" r="4.4" />
          <circle cx="54" cy="66" r="4.4" />
          <circle cx="42" cy="78" r="4.4" />
          <circle cx="30" cy="90" r="4.4" />
          <circle cx="54" cy="90" r="4.4" />
        </g>
      </g>
    `,
  "tuned-ukulele": () =>
    html`
      <g transform="translate(5 11) scale(0.9) rotate(24 60 62)">
        <rect x="55" y="4" width="10" height="56" fill="#7a5640" />
        <path d="M52 -6h16l-2 18H54Z" fill="#5c3f2e" />
        <g fill="#eab64c">
          <circle cx="50" cy="-1" r="2.6" />
          <circle cx="70" cy="-1" r="2.6" />
          <circle cx="51" cy="7" r="2.6" />
          <circle cx="69" cy="7" r="2.6" />
        </g>
        <circle cx="60" cy="62" r="17" fill="#d19653" />
        <circle cx="60" cy="86" r="23" fill="#d19653" />
        <circle cx="60" cy="71" r="8" fill="#5c3f2e" />
        <rect x="49" y="90" width="22" height="5" rx="2.5" fill="#7a5640" />
        <path d="M57 0V91M60 0V91M63 0V91" stroke="#fff4dc" stroke-width="0.9" />
      </g>
    `,
  "whale-record": () =>
    html`
      <circle cx="80" cy="67" r="31" fill="#2b2a33" />
      <circle cx="80" cy="67" r="23" fill="none" stroke="#4a4954" stroke-width="1.6" />
      <circle cx="80" cy="67" r="17" fill="none" stroke="#4a4954" stroke-width="1.6" />
      <circle cx="80" cy="67" r="10" fill="#e07a4b" />
      <rect x="16" y="32" width="68" height="70" rx="3" fill="#4f8f94" />
      <path d="M16 80q8.5-6 17 0t17 0t17 0t17 0V99q0 3-3 3H19q-3 0-3-3Z" fill="#3c7377" />
      <path
        d="M26 69C28 54 52 53 61 65C66 64 68 60 66 55C72 57 75 62 74 66C77 63 79 63 80 66C78 74 74 75 71 74C66 84 54 86 44 85C33 84 26 78 26 69Z"
        fill="#e8f0ee"
      />
      <circle cx="36" cy="69" r="2" fill="#2b2a33" />
      <path d="M44 51q-2-7-8-7M44 51q2-7 8-7" fill="none" stroke="#e8f0ee" stroke-width="2.6" stroke-linecap="round" />
    `,
};
