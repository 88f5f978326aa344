/**
 * The style sheet of figures, for light and dark. All contrasts of text are at least 4.5 to 1, those of signs 3 to 1.
 *
 * @module
 */

const LIGHT =
  `--paper:#ffffff;--edge:#d8dee4;--ink:#1f2328;--muted:#59636e;--grid:#e8ebef;--stem:#d0d7de;--band:#eaf1fb;
--water:#0b57d0;--late:#c01c28;--p0:#1f2328;--p1:#8250df;--p2:#9a6700;--p3:#bf3989;
--on:#1a7f37;--on-fill:#b9ecc6;--early:#9a6700;--early-fill:#fbe6a2;--after:#bc4c00;--after-fill:#ffd3b0;`;
const DARK = `--paper:#0f141a;--edge:#30363d;--ink:#e6edf3;--muted:#9aa7b4;--grid:#212830;--stem:#313a44;--band:#16243a;
--water:#79b8ff;--late:#ff7b72;--p0:#e6edf3;--p1:#c8a6ff;--p2:#e3b341;--p3:#ff9bce;
--on:#56d364;--on-fill:#17492a;--early:#e3b341;--early-fill:#4a3a0c;--after:#ffa657;--after-fill:#5a3212;`;

const FONT = `ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif`;

/** The style sheet. */
export const style = `
.tm-figure{${LIGHT}font:12px ${FONT};font-variant-numeric:tabular-nums;max-width:100%;height:auto}
@media (prefers-color-scheme:dark){.tm-figure{${DARK}}}
.tm-figure text{fill:var(--ink)}
.tm-figure .tm-title{font-size:16px;font-weight:650}
.tm-figure .tm-caption,.tm-figure .tm-tick,.tm-figure .tm-row{fill:var(--muted)}
.tm-figure .tm-caption{font-size:11px}
.tm-right{text-anchor:end}
.tm-middle,.tm-label{text-anchor:middle}
.tm-paper{fill:var(--paper);stroke:var(--edge)}
.tm-grid,.tm-rule{stroke:var(--grid)}
.tm-axis{stroke:var(--muted);stroke-width:1.25}
.tm-stem{stroke:var(--stem);stroke-dasharray:1 3;stroke-linecap:round}
.tm-band{fill:var(--band)}
.tm-firing{stroke:var(--on);stroke-dasharray:4 3}
.tm-end{stroke:var(--muted);stroke-dasharray:2 3}
.tm-watermark path{fill:none;stroke:var(--water);stroke-width:3;stroke-linejoin:round;stroke-linecap:round}
.tm-mark path{fill:none;stroke-width:1.5;stroke-dasharray:5 3}
.tm-mark.tm-place-0 path,.tm-mark.tm-place-0 .tm-idle{stroke:var(--p0)}
.tm-mark.tm-place-1 path,.tm-mark.tm-place-1 .tm-idle{stroke:var(--p1)}
.tm-mark.tm-place-2 path,.tm-mark.tm-place-2 .tm-idle{stroke:var(--p2)}
.tm-mark.tm-place-3 path,.tm-mark.tm-place-3 .tm-idle{stroke:var(--p3)}
.tm-idle{stroke:var(--muted);stroke-width:5;stroke-dasharray:.1 9;stroke-linecap:round}
.tm-record{stroke:var(--paper);stroke-width:1.5}
.tm-record.tm-place-0{fill:var(--p0)}
.tm-record.tm-place-1{fill:var(--p1)}
.tm-record.tm-place-2{fill:var(--p2)}
.tm-record.tm-place-3{fill:var(--p3)}
.tm-late{fill:none;stroke:var(--late);stroke-width:3;stroke-linecap:round}
.tm-figure .tm-late-word{fill:var(--late)}
.tm-pane{stroke-width:1.75}
.tm-pane-onTime{fill:var(--on-fill);stroke:var(--on)}
.tm-pane-early{fill:var(--early-fill);stroke:var(--early)}
.tm-pane-late{fill:var(--after-fill);stroke:var(--after)}
.tm-pane-retracted{fill:none;stroke:var(--muted);stroke-dasharray:3 3}
.tm-figure .tm-label{font-weight:500}
.tm-figure .tm-value{font-weight:700}
.tm-figure .tm-word-onTime{fill:var(--on)}
.tm-figure .tm-word-early{fill:var(--early)}
.tm-figure .tm-word-late{fill:var(--after)}
.tm-figure .tm-word-retracted{fill:var(--muted)}
@media (forced-colors:active){.tm-figure{forced-color-adjust:none}}
`.trim();

/** What the figure of lines needs besides. */
export const linesStyle = `
.tm-curve path{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.tm-curve .tm-leader{stroke-width:1;stroke-dasharray:1 3}
.tm-figure .tm-curve text{font-weight:600}
.tm-curve-0{--curve:var(--water)}
.tm-curve-1{--curve:var(--p3)}
.tm-curve-2{--curve:var(--on)}
.tm-curve-3{--curve:var(--p1)}
.tm-curve-4{--curve:var(--p2)}
.tm-curve-5{--curve:var(--late)}
.tm-curve-6{--curve:var(--p0)}
.tm-curve-7{--curve:var(--after)}
.tm-curve path{stroke:var(--curve)}
.tm-curve circle,.tm-figure .tm-curve text{fill:var(--curve)}
`.trim();
