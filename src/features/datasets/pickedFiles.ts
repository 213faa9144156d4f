// From what was dropped or chosen to a list of files with their places below the dropped folder.

export interface PickedFile {
  file: File;
  /** Path below what was dropped, with forward slashes; the server sees it as the file's name. */
  path: string;
}

/** Files that computers add by themselves and nobody means to upload. */
const JUNK = /(^|\/)(__MACOSX(\/|$)|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)/i;

const ARCHIVE = /\.(zip|tar|tgz|tar\.gz)$/i;

/** Files of an `<input type="file">`, with or without `webkitdirectory`. */
export function filesOfInput(list: Iterable<File>): PickedFile[] {
  const picked = Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  return withoutJunk(picked);
}

/**
 * Files of a drop, folders walked to their ends.
 *
 * The entries must be taken before the first await: the browser empties the drop after the event.
 */
export async function filesOfDrop(transfer: DataTransfer): Promise<PickedFile[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry());
  const loose = filesOfInput(Array.from(transfer.files));
  const known = entries.filter((entry) => entry !== null);
  if (known.length === 0) return loose;
  const walked = await Promise.all(known.map((entry) => filesBelow(entry)));
  return withoutJunk(walked.flat());
}

async function filesBelow(entry: FileSystemEntry): Promise<PickedFile[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (JUNK.test(path)) return [];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [{ file, path }];
  }
  const picked: PickedFile[] = [];
  for (const child of await childrenOf(entry as FileSystemDirectoryEntry)) {
    picked.push(...(await filesBelow(child)));
  }
  return picked;
}

/** All children: browsers hand them out in portions of about a hundred. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (portion.length === 0) return children;
    children.push(...portion);
  }
}

function withoutJunk(picked: PickedFile[]): PickedFile[] {
  return picked.filter(({ path }) => !JUNK.test(path));
}

/** Sum of the sizes, in bytes. */
export function totalBytes(picked: PickedFile[]): number {
  return picked.reduce((sum, { file }) => sum + file.size, 0);
}

/** The dataset's name to suggest: the one folder around everything, else the one archive. */
export function suggestedName(picked: PickedFile[]): string {
  const tops = new Set(picked.map(({ path }) => (path.includes('/') ? path.split('/')[0] : '')));
  const [top] = tops;
  if (tops.size === 1 && top) return asName(top);
  const archives = picked.filter(({ path }) => ARCHIVE.test(path));
  const [archive] = archives;
  if (archives.length === 1 && archive) return asName(archive.path.replace(ARCHIVE, ''));
  return '';
}

/** A name that can be a folder on every system: letters, digits, dot, dash and underscore. */
function asName(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[._-]+|[._-]+$/g, '')
    .slice(0, 64);
}
