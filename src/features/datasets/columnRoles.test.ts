import { describe, expect, it } from 'vitest';
import type { ColumnRoles, DatasetTable } from '@/client/records';
import { firstTable, roleOf, whyNotYet, withRole } from './columnRoles';

const NONE: ColumnRoles = {
  image: null,
  label: null,
  lesion: null,
  patient: null,
  age: null,
  sex: null,
  site: null,
  skin_tone: null,
};

describe('the meanings of columns', () => {
  it('gives each meaning to one column only, and each column one meaning', () => {
    const first = withRole({ ...NONE, image: 'Bild', label: 'Befund' }, 'Text', 'label');
    expect(first).toMatchObject({ image: 'Bild', label: 'Text' });
    expect(roleOf(first, 'Befund')).toBeNull();
    const moved = withRole(first, 'Bild', 'lesion');
    expect(moved).toMatchObject({ image: null, lesion: 'Bild' });
    expect(withRole(moved, 'Bild', null).lesion).toBeNull();
  });

  it('asks for the images and for one thing more', () => {
    expect(whyNotYet(NONE)).toMatch(/names the images/);
    expect(whyNotYet({ ...NONE, image: 'Bild' })).toMatch(/one more column/);
    expect(whyNotYet({ ...NONE, image: 'Bild', lesion: 'Fall' })).toBeNull();
  });

  it('asks about the table first that was not understood', () => {
    const table = (path: string, understood: boolean): DatasetTable => ({
      path,
      understood,
      by_hand: false,
      columns: [],
      roles: NONE,
    });
    expect(firstTable([table('a.csv', true), table('b.csv', false)])?.path).toBe('b.csv');
    expect(firstTable([table('a.csv', true)])?.path).toBe('a.csv');
  });
});
