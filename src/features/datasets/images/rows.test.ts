import { describe, expect, it } from 'vitest';
import { GAP, placeAfter, portionsOf, shapeOf } from './rows';

describe('the grid', () => {
  it.each([320, 390, 519, 520, 1060, 1061, 2400])('fills %i pixels and no more', (width) => {
    const { columns, rows, tile } = shapeOf(100_001, width);
    expect(columns * tile + (columns - 1) * GAP).toBeCloseTo(width, 6);
    expect(columns * rows).toBeGreaterThanOrEqual(100_001);
    expect(columns * (rows - 1)).toBeLessThan(100_001);
    expect(tile).toBeGreaterThanOrEqual(100);
  });

  it('stands before its width is known', () => {
    expect(shapeOf(10, 0).columns).toBe(1);
  });
});

describe('the arrow keys', () => {
  it.each([
    ['ArrowRight', 0, 1],
    ['ArrowLeft', 1, 0],
    ['ArrowDown', 1, 5],
    ['ArrowUp', 5, 1],
    ['Home', 7, 0],
    ['End', 2, 9],
    ['PageDown', 1, 9],
    ['PageUp', 9, 0],
  ])('%s leads from %i to %i', (key, from, to) => {
    expect(placeAfter(key, from, 4, 10)).toBe(to);
  });

  it.each([
    ['ArrowLeft', 0],
    ['ArrowUp', 2],
    ['ArrowRight', 9],
    ['ArrowDown', 7],
  ])('%s stays at the edge', (key, place) => {
    expect(placeAfter(key, place, 4, 10)).toBe(place);
  });

  it('leave other keys alone', () => {
    expect(placeAfter('a', 3, 4, 10)).toBeNull();
  });
});

it('asks for just the portions that hold what is shown', () => {
  expect(portionsOf(0, 199, 200)).toEqual([0]);
  expect(portionsOf(199, 200, 200)).toEqual([0, 1]);
  expect(portionsOf(0, -1, 200)).toEqual([0]);
  expect(portionsOf(99_990, 99_999, 200)).toEqual([499]);
});
