import { describe, expect, it } from 'vitest';
import type { UploadedFile } from '@/client/records';
import { unfinished } from '@/lib/testing/records';
import { OtherFiles, planOf, unfinishedOf } from './goingOn';
import type { PickedFile } from './pickedFiles';

function picked(path: string, content: string, lastModified = 17): PickedFile {
  return { path, file: new File([content], path, { lastModified }) };
}

const FILES = [picked('a.jpg', 'aaaa'), picked('x/b.jpg', 'bbb'), picked('c.csv', 'c')];
const UPLOAD = { ...unfinished, files: 3, bytes: 8 };

function announced(path: string, bytes: number, arrived: number, modified = '17'): UploadedFile {
  return { path, bytes, bytes_arrived: arrived, modified, url: `/files/${path}` };
}

describe('files that are chosen again', () => {
  it('are known by their number and size', () => {
    expect(unfinishedOf(FILES, [{ ...UPLOAD, bytes: 9 }, UPLOAD])).toBe(UPLOAD);
    expect(unfinishedOf(FILES.slice(1), [UPLOAD])).toBeNull();
  });

  it('are sent only as far as they are missing', () => {
    const plan = planOf(FILES, UPLOAD, [announced('a.jpg', 4, 4), announced('x/b.jpg', 3, 2)]);
    expect(plan.arrived).toBe(4);
    expect(plan.takeBack).toEqual([]);
    expect(plan.send).toEqual([
      { picked: FILES[1], url: '/files/x/b.jpg', arrived: 2 },
      { picked: FILES[2], url: null, arrived: 0 },
    ]);
  });

  it('are sent anew when they changed in between', () => {
    const plan = planOf(FILES, UPLOAD, [announced('a.jpg', 4, 4, '16')]);
    expect(plan.takeBack).toEqual(['/files/a.jpg']);
    expect(plan.send).toHaveLength(3);
    expect(plan.arrived).toBe(0);
  });

  it('are refused by name when they are others', () => {
    const other = () => planOf(FILES, UPLOAD, [announced('gone.jpg', 4, 4)]);
    expect(other).toThrow(OtherFiles);
    expect(other).toThrow(/gone\.jpg/);
    expect(() => planOf(FILES.slice(1), UPLOAD, [])).toThrow(/3 files of 8 bytes/);
  });

  it('are not needed when everything has arrived', () => {
    expect(planOf([], { ...UPLOAD, phase: 'arrived' }, []).send).toEqual([]);
  });
});
