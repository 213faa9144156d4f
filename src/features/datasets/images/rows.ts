// Where pictures stand in a grid of rows, and where the arrow keys lead.

const LEAST_TILE = 132;
const LEAST_TILE_ON_PHONES = 100;
const PHONE = 520;
export const GAP = 12;
/** Two lines below each picture. */
export const CAPTION = 44;

export interface Shape {
  columns: number;
  rows: number;
  /** Side of a picture, in pixels. */
  tile: number;
  /** From one row to the next, in pixels. */
  rowHeight: number;
}

/** The grid for so many pictures in so many pixels of width. */
export function shapeOf(total: number, width: number): Shape {
  const least = width < PHONE ? LEAST_TILE_ON_PHONES : LEAST_TILE;
  const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
  const tile = Math.max(0, (width - (columns - 1) * GAP) / columns);
  return { columns, rows: Math.ceil(total / columns), tile, rowHeight: tile + CAPTION + GAP };
}

/** The place that a key leads to from `place`; null = the key means nothing here. */
export function placeAfter(
  key: string,
  place: number,
  columns: number,
  total: number,
): number | null {
  const steps: Record<string, number> = {
    ArrowRight: place + 1,
    ArrowLeft: place - 1,
    ArrowDown: place + columns,
    ArrowUp: place - columns,
    PageDown: place + 4 * columns,
    PageUp: place - 4 * columns,
    Home: 0,
    End: total - 1,
  };
  const next = steps[key];
  if (next === undefined) return null;
  const beyond = next < 0 || next >= total;
  if (beyond && !key.startsWith('Page')) return place;
  return Math.min(total - 1, Math.max(0, next));
}

/** Numbers of the portions that hold the places from `first` to `last`. */
export function portionsOf(first: number, last: number, portion: number): number[] {
  const from = Math.floor(Math.max(0, first) / portion);
  const to = Math.floor(Math.max(0, last) / portion);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
