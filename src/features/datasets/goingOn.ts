// Whether chosen files are those of an unfinished upload, and what of them is still to be sent.
import type { UnfinishedUpload, UploadedFile } from '@/client/records';
import { Sentence } from '@/client/refusal';
import { formatNumberOf } from '@/lib/format';
import { totalBytes, type PickedFile } from './pickedFiles';
import { modifiedOf } from './tusFile';

/** Other files were chosen than those that the unfinished upload is made of. */
export class OtherFiles extends Sentence {}

/** The unfinished upload that these files look like: as many, as large together. */
export function unfinishedOf(
  picked: PickedFile[],
  uploads: UnfinishedUpload[],
): UnfinishedUpload | null {
  const bytes = totalBytes(picked);
  const alike = uploads.filter((each) => each.files === picked.length && each.bytes === bytes);
  return alike[0] ?? null;
}

export interface Plan {
  /** What is to be sent, with the address where the server has some of it already. */
  send: { picked: PickedFile; url: string | null; arrived: number }[];
  /** Addresses of files that changed since they were announced: taken back before they are sent. */
  takeBack: string[];
  /** Bytes of files that are whole on the server. */
  arrived: number;
}

/**
 * What is left to do of an upload.
 *
 * Throws `OtherFiles` when the chosen files are not those that were announced.
 */
export function planOf(
  picked: PickedFile[],
  upload: UnfinishedUpload,
  announced: UploadedFile[],
): Plan {
  if (upload.phase !== 'arriving') return { send: [], takeBack: [], arrived: upload.bytes };
  checkSame(picked, upload, announced);
  const known = new Map(announced.map((file) => [file.path, file]));
  const plan: Plan = { send: [], takeBack: [], arrived: 0 };
  for (const each of picked) {
    const there = known.get(each.path);
    if (there === undefined) plan.send.push({ picked: each, url: null, arrived: 0 });
    else if (!isTheSame(each.file, there)) {
      plan.takeBack.push(there.url);
      plan.send.push({ picked: each, url: null, arrived: 0 });
    } else if (there.bytes_arrived === there.bytes) plan.arrived += there.bytes;
    else plan.send.push({ picked: each, url: there.url, arrived: there.bytes_arrived });
  }
  return plan;
}

function isTheSame(file: File, there: UploadedFile): boolean {
  return file.size === there.bytes && modifiedOf(file) === there.modified;
}

function checkSame(picked: PickedFile[], upload: UnfinishedUpload, announced: UploadedFile[]) {
  const paths = new Set(picked.map(({ path }) => path));
  const missing = announced.find(({ path }) => !paths.has(path));
  if (missing !== undefined) {
    throw new OtherFiles(
      `These are not the files of the unfinished upload: ${missing.path} is not among them. ` +
        'Choose the same files or the same folder again, or discard the unfinished upload.',
    );
  }
  const bytes = totalBytes(picked);
  if (picked.length !== upload.files || bytes !== upload.bytes) {
    throw new OtherFiles(
      `These are not the files of the unfinished upload: it has ` +
        `${formatNumberOf(upload.files, 'file')} of ${formatNumberOf(upload.bytes, 'byte')} ` +
        `together, and ${formatNumberOf(picked.length, 'file')} of ` +
        `${formatNumberOf(bytes, 'byte')} were chosen. Choose the same ones again, or discard it.`,
    );
  }
}
