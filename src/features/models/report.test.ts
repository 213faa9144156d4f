import { describe, expect, it } from 'vitest';
import { model } from '@/lib/testing/records';
import { reportOf } from './report';

describe('the report of a model', () => {
  it('reads the test, the baseline, the split and the matrix', () => {
    const report = reportOf(model);
    expect(report.test.balancedAccuracy).toBe(0.7071);
    expect(report.baselineAnswer).toBe('nv');
    expect(report.perClass.map(({ label }) => label)).toEqual(['nv', 'mel']);
    expect(report.confusion?.counts[1]).toEqual([43, 68]);
    expect(report.parts[2]).toEqual({ part: 'Test', images: 1003, lesions: 747 });
    expect(report.settings).toContainEqual(['Class balancing', 'on']);
  });

  it('stands on the headline when the metadata are empty', () => {
    const report = reportOf({ ...model, metadata: {} });
    expect(report.test.accuracy).toBe(0.8132);
    expect(report).toMatchObject({ confusion: null, perClass: [], parts: [], groupedBy: null });
  });

  it.each([
    [{ metrics: null }],
    [{ metrics: { test: [] }, baseline: 'nv', split: 3 }],
    [{ metrics: { test: { confusion_matrix: { labels: ['nv'], counts: [[1, 2]] } } } }],
    [{ split: { counts: { train: 'many' } } }],
  ])('breaks on no metadata whatever: %j', (metadata) => {
    const report = reportOf({ ...model, metadata });
    expect(report.confusion).toBeNull();
    expect(report.test.macroAuc).toBe(0.947);
  });

  it('keeps an AUC that is not defined apart from zero', () => {
    expect(reportOf(model).perClass[1]?.auc).toBeNull();
  });
});
