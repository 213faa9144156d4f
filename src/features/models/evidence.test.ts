import { describe, expect, it } from 'vitest';
import { model } from '@/lib/testing/records';
import { report } from '@/lib/testing/report';
import { estimateOf, evidenceOf } from './evidence';

describe('what a report says', () => {
  it('is nothing for a model that has none', () => {
    expect(evidenceOf(model)).toBeNull();
  });

  it('holds every section that is there', () => {
    const evidence = evidenceOf({ ...model, report });
    expect(evidence?.headline.balanced_accuracy).toEqual({ value: 0.707, low: 0.66, high: 0.75 });
    expect(evidence?.perClass[1]?.figures.sensitivity?.low).toBe(0.5);
    expect(evidence?.calibration?.temperature).toBe(1.4);
    expect(evidence?.calibration?.correction).toBe(0.35);
    expect(evidence?.subgroups).toHaveLength(2);
  });

  it('keeps standing when sections are missing or of another shape', () => {
    const evidence = evidenceOf({ ...model, report: { headline: 3, per_class: {}, subgroups: 1 } });
    expect(evidence).toEqual({
      headline: {},
      metadataBaseline: null,
      aboveBaseline: null,
      perClass: [],
      operatingPoint: null,
      calibration: null,
      subgroups: [],
    });
  });

  it('reads figures with and without an interval, and none', () => {
    expect(estimateOf(0.5)).toEqual({ value: 0.5, low: null, high: null });
    expect(estimateOf({ value: null, low: null, high: null })).toBeNull();
    expect(estimateOf('0.5')).toBeNull();
  });
});
