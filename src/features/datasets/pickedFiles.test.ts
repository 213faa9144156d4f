import { describe, expect, it } from 'vitest';
import { filesOfDrop, filesOfInput, suggestedName, totalBytes } from './pickedFiles';

const picked = (...paths: string[]) =>
  paths.map((path) => ({ file: new File(['x'], path.split('/').at(-1) ?? path), path }));

describe('chosen files', () => {
  it('keep their place below the chosen folder', () => {
    const file = new File(['x'], 'img1.jpg');
    Object.defineProperty(file, 'webkitRelativePath', { value: 'HAM/melanoma/img1.jpg' });
    expect(filesOfInput([file])[0]?.path).toBe('HAM/melanoma/img1.jpg');
  });

  it('come without what computers add by themselves', () => {
    const files = ['.DS_Store', 'Thumbs.db', '._img.jpg', 'img.jpg'].map((n) => new File([''], n));
    expect(filesOfInput(files).map(({ path }) => path)).toEqual(['img.jpg']);
  });

  it('add up their sizes', () => {
    expect(totalBytes(picked('a.jpg', 'b.jpg'))).toBe(2);
  });
});

/** A folder as a browser hands it out on a drop: children in portions. */
function folder(path: string, children: unknown[], portion = 100): unknown {
  return {
    isFile: false,
    fullPath: path,
    createReader: () => {
      let at = 0;
      return {
        readEntries: (done: (entries: unknown[]) => void) => {
          done(children.slice(at, at + portion));
          at += portion;
        },
      };
    },
  };
}

const leaf = (path: string) => ({
  isFile: true,
  fullPath: path,
  file: (done: (file: File) => void) => done(new File(['x'], path)),
});

const dropOf = (entries: unknown[]) =>
  ({
    items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })),
    files: [],
  }) as unknown as DataTransfer;

describe('a dropped folder', () => {
  it('is walked to its ends, with every path kept', async () => {
    const drop = dropOf([
      folder('/HAM', [folder('/HAM/mel', [leaf('/HAM/mel/a.jpg')]), leaf('/HAM/metadata.csv')]),
    ]);
    const paths = (await filesOfDrop(drop)).map(({ path }) => path);
    expect(paths).toEqual(['HAM/mel/a.jpg', 'HAM/metadata.csv']);
  });

  it('loses no file when the browser hands it out in portions', async () => {
    const many = Array.from({ length: 250 }, (_, index) => leaf(`/f/${index}.jpg`));
    expect(await filesOfDrop(dropOf([folder('/f', many)]))).toHaveLength(250);
  });

  it('leaves the folder of a Mac archive out', async () => {
    const drop = dropOf([folder('/f', [folder('/f/__MACOSX', [leaf('/f/__MACOSX/a.jpg')])])]);
    expect(await filesOfDrop(drop)).toEqual([]);
  });
});

describe('the suggested name', () => {
  it('is that of the one folder around everything', () => {
    expect(suggestedName(picked('My Set/a.jpg', 'My Set/b/c.jpg'))).toBe('My_Set');
  });

  it('is that of the one archive', () => {
    expect(suggestedName(picked('HAM10000_small.tar.gz'))).toBe('HAM10000_small');
  });

  it('is left to the person where nothing stands out', () => {
    expect(suggestedName(picked('a.jpg', 'b.jpg'))).toBe('');
    expect(suggestedName(picked('one/a.jpg', 'two/b.jpg'))).toBe('');
  });

  it('can be a folder on every system', () => {
    expect(suggestedName(picked('Läsionen: 2024 (neu)/a.jpg'))).toBe('Lasionen_2024_neu');
  });
});
