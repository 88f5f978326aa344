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
