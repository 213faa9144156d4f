// The server's stable names in the words of the page.
import type { Layout, ProblemKind, UnfinishedUpload, UploadResult } from '@/client/records';
import { formatBytes, formatDateTime, formatNumberOf } from '@/lib/format';

export const LAYOUT_NAME: Record<Layout, string> = {
  csv: 'Table with images',
  class_folders: 'One folder per class',
  ham10000: 'HAM10000',
  unlabelled: 'Images without labels',
};

const PROBLEM_NAME: Record<ProblemKind, string> = {
  row_without_image: 'Rows whose image is missing',
  image_without_row: 'Images without a row in the table',
  row_without_label: 'Rows without a diagnosis',
  duplicate_row: 'Rows that appear more than once',
  unreadable_image: 'Images that cannot be read',
  unknown_ending: 'Files of an unknown kind',
  too_few_lesions: 'Classes with too few lesions to split',
  table: 'Tables that could not be understood',
  layout: 'How the files are arranged',
};

/** A kind's name; a kind that a newer server adds is shown by its own name. */
export function problemName(kind: string): string {
  return (PROBLEM_NAME as Record<string, string>)[kind] ?? kind.replaceAll('_', ' ');
}

/** What an upload brought: "Uploaded 3 file(s): 120 images added, 5 files were there already." */
export function uploadedWords(result: UploadResult): string {
  const unchanged = result.files_unchanged;
  const already = unchanged === 0 ? '' : `, ${formatNumberOf(unchanged, 'file')} there already`;
  return `${result.message}: ${formatNumberOf(result.images_added, 'image')} added${already}.`;
}

/** "Going on with an upload of HAM10000 from 3 Dec 2025, 18:00: 1.2 GB of 5.3 GB are here." */
export function goingOnWords(upload: UnfinishedUpload): string {
  return (
    `Going on with an upload of ${upload.dataset_name} from ${formatDateTime(upload.created_at)}: ` +
    `${formatBytes(upload.bytes_arrived)} of ${formatBytes(upload.bytes)} are here.`
  );
}
