/**
 * Limits of pictures, with units.
 *
 * @module
 */

/** The most events that a trace keeps, unless it is told otherwise. Later ones are counted. */
export const TRACE_EVENTS = 10_000;

/** The most columns of a picture: each record and each pane has one. Later ones are left out. */
export const COLUMNS = 200;

/** The most characters of a label. */
export const LABEL_CHARACTERS = 18;

/** The most characters of a line of marbles, unless it is told otherwise. */
export const LINE_CHARACTERS = 100;

/** The most lines of a table of events. */
export const TABLE_LINES = 500;

/** How many values a table shows, unless it is told otherwise. Older ones leave it. */
export const TABLE_ROWS = 20;

/** How many points of each line a chart shows, unless it is told otherwise. Older ones leave it. */
export const CHART_POINTS = 200;

/** The most rows and points that may be asked for. */
export const MOST_KEPT = 1_000;

/** The most columns of a table of values. */
export const TABLE_COLUMNS = 12;

/** The most characters of a cell of a table of values. */
export const CELL_CHARACTERS = 40;

/** The most lines of a chart. Values of others are counted. */
export const CHART_LINES = 8;

/** The least time between two paints of a live picture, unless it is told otherwise, in milliseconds. */
export const PAINT_INTERVAL = 250;
