// Imports: asked for, followed to their end from any tab, cancelled, taken off the list.
import { answerOf, client } from '@/client/client';
import type { ImportListed, ImportStep, UploadResult } from '@/client/records';
import { Refusal, Sentence } from '@/client/refusal';
import { formatTimeLeft } from '@/lib/format';

const LOOK_EVERY_MS = 1_000;

/** Somebody ended the import, perhaps in another tab. */
export class ImportCancelled extends Error {}

export function isUnderWay({ state }: Pick<ImportListed, 'state'>): boolean {
  return state === 'waiting' || state === 'running';
}

/** What the list shows: what is under way, and what failed and waits for a decision. */
export function isShown(each: ImportListed): boolean {
  return isUnderWay(each) || each.state === 'failed';
}

export function beginImport(uploadId: string) {
  const params = { path: { basket_id: uploadId } };
  return answerOf(client.POST('/api/uploads/{basket_id}/import', { params }));
}

export function cancelImport(id: string) {
  const params = { path: { import_id: id } };
  return answerOf(client.POST('/api/imports/{import_id}/cancel', { params }));
}

export function dismissImport(id: string) {
  const params = { path: { import_id: id } };
  return answerOf(client.DELETE('/api/imports/{import_id}', { params }));
}

function readImport(id: string) {
  const params = { path: { import_id: id } };
  return answerOf(client.GET('/api/imports/{import_id}', { params }));
}

/** Looks until the import is over; `onLook` hears how far it is. Throws why it failed. */
export async function followImport(
  id: string,
  ask: <T>(question: () => Promise<T>) => Promise<T>,
  onLook: (seen: ImportListed) => void,
  ended: AbortSignal,
): Promise<UploadResult> {
  for (;;) {
    const seen = await ask(() => readImport(id));
    ended.throwIfAborted();
    onLook(seen);
    if (seen.result !== null) return seen.result;
    if (seen.refusal !== null) throw new Refusal(seen.refusal, 409);
    if (seen.state === 'cancelled') throw new ImportCancelled();
    if (seen.state === 'done') throw new Sentence(`${seen.dataset_name} was deleted meanwhile.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    ended.throwIfAborted();
  }
}

/** "Checking images: 120 of 500, about 2 minutes left" */
export function stepWords(step: ImportStep | null): string {
  if (step === null) return 'Getting ready';
  const of = step.total === null ? '' : ` of ${step.total.toLocaleString('en-GB')}`;
  const what = step.step === 'unpacking' ? 'Unpacking files' : 'Checking images';
  const left = formatTimeLeft(step.seconds_left);
  return `${what}: ${step.done.toLocaleString('en-GB')}${of}${left === null ? '' : `, ${left}`}`;
}

/** Per cent of the present step; null = not known. */
export function stepPercent(step: ImportStep | null): number | null {
  if (step === null || step.total === null || step.total === 0) return null;
  return Math.min(100, (100 * step.done) / step.total);
}
