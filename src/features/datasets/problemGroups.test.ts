import { describe, expect, it } from 'vitest';
import { problemsByKind } from './problemGroups';
import { problemName } from './words';

const problem = (kind: 'table' | 'row_without_image', row: number) => ({
  kind,
  message: 'wrong',
  file: 'metadata.csv',
  row,
});

describe('problems by kind', () => {
  it('keep the order of the server, worst first', () => {
    const groups = problemsByKind([problem('table', 1), problem('row_without_image', 2)], {});
    expect(groups.map(({ kind }) => kind)).toEqual(['table', 'row_without_image']);
  });

  it('count all there are, also those that are not listed', () => {
    const [group] = problemsByKind([problem('table', 1)], { table: 812 });
    expect(group).toMatchObject({ count: 812 });
    expect(group?.problems).toHaveLength(1);
  });

  it('name a kind of which none is listed', () => {
    expect(problemsByKind([], { table: 3 })).toEqual([{ kind: 'table', count: 3, problems: [] }]);
  });

  it('show a kind that this page does not know yet', () => {
    expect(problemName('image_upside_down')).toBe('image upside down');
  });
});
