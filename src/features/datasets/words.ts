// The server's stable names in the words of the page.
import type { Layout, ProblemKind, UnfinishedUpload, UploadResult } from '@/client/records';
import { formatBytes, formatDateTime, formatNumberOf } from '@/lib/format';

const LAYOUT_NAME: Record<Layout, string> = {
  csv: 'Table with images',
  class_folders: 'One folder per class',
  ham10000: 'HAM10000',
  isic_2018: 'ISIC 2018, task 3',
  isic_2019: 'ISIC 2019',
  isic_2020: 'ISIC 2020',
  isic_2024: 'ISIC 2024 (SLICE-3D)',
  isic_archive: 'ISIC Archive',
  pad_ufes_20: 'PAD-UFES-20',
  fitzpatrick17k: 'Fitzpatrick17k',
  ddi: 'Diverse Dermatology Images (DDI)',
  bcn20000: 'BCN20000',
  ph2: 'PH²',
  derm7pt: 'Derm7pt',
  dermamnist: 'DermaMNIST',
  mapped: 'Table with columns chosen by hand',
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

/** A layout's name; one that a newer server adds is shown by its own name. */
export function layoutName(layout: string): string {
  return (LAYOUT_NAME as Record<string, string>)[layout] ?? layout.replaceAll('_', ' ');
}

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
