import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDateTime,
  formatDuration,
  formatLoss,
  formatNumberOf,
  formatProbability,
  formatRate,
  formatScore,
  formatShare,
  formatTimeLeft,
  NONE,
} from './format';

describe('figures have the digits that they have earned', () => {
  it('gives a share one decimal, and none on few images', () => {
    expect(formatShare(0.7071, 1003)).toBe('70.7 %');
    expect(formatShare(0.7071, 24)).toBe('71 %');
  });

  it('gives a score three decimals, and two on few images', () => {
    expect(formatScore(0.9474)).toBe('0.947');
    expect(formatScore(0.9474, 50)).toBe('0.95');
  });

  it('shows a dash where there is no number', () => {
    expect([formatShare(null), formatScore(undefined), formatLoss(NaN)]).toEqual([
      NONE,
      NONE,
      NONE,
    ]);
  });

  it('never calls a probability certain unless it is', () => {
    expect(formatProbability(0.99999)).toBe('>99.9 %');
    expect(formatProbability(0.00001)).toBe('<0.1 %');
    expect(formatProbability(1)).toBe('100.0 %');
    expect(formatProbability(0)).toBe('0.0 %');
    expect(formatProbability(0.7312)).toBe('73.1 %');
  });

  it('writes learning rates as people do', () => {
    expect(formatRate(0.001)).toBe('0.001');
    expect(formatRate(0.00003)).toBe('3.0e-5');
  });
});

describe('counts and sizes', () => {
  it('says one image, two images, two classes', () => {
    expect(formatNumberOf(1, 'image')).toBe('1 image');
    expect(formatNumberOf(10015, 'image')).toBe('10,015 images');
    expect(formatNumberOf(2, 'class', 'classes')).toBe('2 classes');
  });

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_536_000, '1.5 MB'],
    [999_999, '1.0 MB'],
    [2_914_223_111, '2.9 GB'],
    [150_000_000, '150 MB'],
  ])('writes %i bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('times', () => {
  it.each([
    [12.4, '12 s'],
    [60, '1 min'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [97_200, '1 d 3 h'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [3, 'less than 10 s left'],
    [47, 'about 45 s left'],
    [187, 'about 3 min 10 s left'],
    [1234, 'about 21 min left'],
    [7499, 'about 2 h 5 min left'],
  ])('rounds an estimate of %d s to what it can know: %s', (seconds, text) => {
    expect(formatTimeLeft(seconds)).toBe(text);
  });

  it('says nothing where there is no estimate', () => {
    expect(formatTimeLeft(null)).toBeNull();
    expect(formatTimeLeft(-1)).toBeNull();
  });

  it('shows a time in the zone of the reader', () => {
    const iso = '2025-12-03T18:00:00Z';
    const hour = String(new Date(iso).getHours()).padStart(2, '0');
    expect(formatDateTime(iso)).toMatch(new RegExp(`3 Dec 2025, ${hour}:00`));
    expect(formatDateTime('nonsense')).toBe(NONE);
  });
});
