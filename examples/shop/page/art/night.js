/** Drawings of things for the night. */
import { html } from "../preact.js";

export const NIGHT = {
  "moon-lamp": () =>
    html`
      <circle cx="60" cy="51" r="43" fill="#f6dc94" opacity="0.28" />
      <rect x="53" y="78" width="14" height="12" fill="#5c3f2e" />
      <path d="M41 88H79L86 102H34Z" fill="#7a5640" />
      <circle cx="60" cy="51" r="31" fill="#f6dc94" />
      <path d="M60 20a31 31 0 0 1 0 62a44 44 0 0 0 0-62" fill="#eab64c" opacity="0.45" />
      <g fill="#e3c270">
        <circle cx="48" cy="43" r="6.5" />
        <circle cx="67" cy="62" r="8.5" />
        <circle cx="64" cy="35" r="3.6" />
        <circle cx="46" cy="63" r="4" />
      </g>
    `,
  "rain-candle": () =>
    html`
      <path d="M60 20C71 34 71 45 60 49C49 45 49 34 60 20Z" fill="#e07a4b" />
      <path d="M60 33C66 40 65 46 60 48C55 46 54 40 60 33Z" fill="#f6dc94" />
      <path d="M60 66V49" stroke="#2b2a33" stroke-width="2.6" stroke-linecap="round" />
      <rect x="35" y="56" width="50" height="46" rx="8" fill="#9fb4c0" />
      <rect x="40" y="64" width="40" height="34" rx="5" fill="#fff4e4" />
      <g fill="#4f8f94">
        <path d="M50 71q5.5 8 0 11q-5.5-3 0-11Z" />
        <path d="M61 80q5.5 8 0 11q-5.5-3 0-11Z" />
        <path d="M71 70q5.5 8 0 11q-5.5-3 0-11Z" />
      </g>
    `,
  telescope: () =>
    html`
      <path d="M60 60L39 102M60 60L81 102M60 60V98" stroke="#7a5640" stroke-width="5" stroke-linecap="round" />
      <g transform="rotate(26 60 54)">
        <rect x="24" y="43" width="46" height="22" rx="3" fill="#2f3e63" />
        <rect x="68" y="47" width="22" height="14" rx="2" fill="#46588c" />
        <rect x="88" y="49" width="12" height="10" rx="3" fill="#2b2a33" />
        <rect x="17" y="40" width="9" height="28" rx="3.5" fill="#eab64c" />
        <rect x="64" y="42" width="6" height="24" rx="2" fill="#eab64c" />
      </g>
      <circle cx="60" cy="60" r="6" fill="#b9832b" />
      <g fill="#eab64c">
        <path d="M84 16l2.6 6.4l6.4 2.6l-6.4 2.6L84 34l-2.6-6.4L75 25l6.4-2.6Z" />
        <circle cx="102" cy="42" r="2.4" />
        <circle cx="62" cy="16" r="2" />
      </g>
    `,
  "midnight-blanket": () =>
    html`
      <path d="M94 90v14M88 90v15M100 88v13" stroke="#8c93c8" stroke-width="2.6" stroke-linecap="round" />
      <rect x="24" y="82" width="76" height="20" rx="10" fill="#232f53" />
      <rect x="21" y="63" width="78" height="21" rx="10.5" fill="#2f3e63" />
      <rect x="24" y="44" width="72" height="21" rx="10.5" fill="#43548a" />
      <path d="M40 67.5a8 8 0 1 0 7 11.5a6.6 6.6 0 0 1-7-11.5" fill="#f6dc94" />
      <g fill="#f6dc94">
        <circle cx="40" cy="54" r="2" />
        <circle cx="56" cy="50" r="1.6" />
        <circle cx="66" cy="58" r="2" />
        <circle cx="83" cy="53" r="1.6" />
        <circle cx="66" cy="73" r="2.2" />
        <circle cx="82" cy="77" r="1.6" />
        <circle cx="54" cy="92" r="1.6" />
        <circle cx="74" cy="94" r="2" />
      </g>
    `,
  "sorry-clock": () =>
    html`
      <path d="M41 88L33 102M79 88L87 102" stroke="#7a5640" stroke-width="6" stroke-linecap="round" />
      <circle cx="37" cy="33" r="11" fill="#b9532f" />
      <circle cx="83" cy="33" r="11" fill="#b9532f" />
      <rect x="57" y="20" width="6" height="12" rx="3" fill="#7a5640" />
      <circle cx="60" cy="63" r="33" fill="#e07a4b" />
      <circle cx="60" cy="63" r="26" fill="#fff4e4" />
      <g fill="none" stroke="#2b2a33" stroke-width="2.6" stroke-linecap="round">
        <path d="M45 54l9-4M75 54l-9-4M51 77q9-8 18 0" />
      </g>
      <circle cx="51" cy="60" r="2.8" fill="#2b2a33" />
      <circle cx="69" cy="60" r="2.8" fill="#2b2a33" />
    `,
  "star-map": () =>
    html`
      <rect x="27" y="20" width="66" height="78" fill="#2f3e63" />
      <circle cx="60" cy="59" r="28" fill="none" stroke="#5a6aa0" stroke-width="1.6" />
      <circle cx="60" cy="59" r="15" fill="none" stroke="#5a6aa0" stroke-width="1.2" stroke-dasharray="2 4" />
      <path d="M42 46L53 56L66 49L78 62L70 77L54 73" fill="none" stroke="#aab4e0" stroke-width="1.8" />
      <g fill="#f6dc94">
        <circle cx="42" cy="46" r="3" />
        <circle cx="53" cy="56" r="2.4" />
        <circle cx="66" cy="49" r="3.4" />
        <circle cx="78" cy="62" r="2.4" />
        <circle cx="70" cy="77" r="3" />
        <circle cx="54" cy="73" r="2.2" />
      </g>
      <rect x="21" y="14" width="78" height="9" rx="4.5" fill="#7a5640" />
      <rect x="21" y="94" width="78" height="9" rx="4.5" fill="#7a5640" />
    `,
};
