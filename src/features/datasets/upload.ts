// The upload that is under way. It lives outside the pages, so that looking elsewhere keeps it.
import { useSyncExternalStore } from 'react';
import type { UploadResult } from '@/client/records';
import { totalBytes, type PickedFile } from './pickedFiles';
import { Cancelled, sendFiles, type Sending } from './sendFiles';

export type Upload =
  | { phase: 'idle' }
  | { phase: 'sending'; name: string; sent: number; total: number; startedAt: number; at: number }
  | { phase: 'reading'; name: string }
  | { phase: 'done'; name: string; result: UploadResult }
  | { phase: 'refused'; name: string; error: unknown };

const IDLE: Upload = { phase: 'idle' };

let current: Upload = IDLE;
let sending: Sending | null = null;
const listeners = new Set<() => void>();

function become(next: Upload) {
  current = next;
  for (const listener of listeners) listener();
}

export const upload = {
  start(name: string, files: PickedFile[]) {
    const startedAt = Date.now();
    become({ phase: 'sending', name, sent: 0, total: totalBytes(files), startedAt, at: startedAt });
    sending = sendFiles(name, files, {
      onProgress: (sent, total) =>
        become({ phase: 'sending', name, sent, total, startedAt, at: Date.now() }),
      onSent: () => become({ phase: 'reading', name }),
    });
    window.addEventListener('beforeunload', askBeforeLeaving);
    sending.answer
      .then(
        (result) => become({ phase: 'done', name, result }),
        (error: unknown) =>
          become(error instanceof Cancelled ? IDLE : { phase: 'refused', name, error }),
      )
      .finally(() => window.removeEventListener('beforeunload', askBeforeLeaving));
  },
  cancel: () => sending?.cancel(),
  /** Back to the empty form, after the end has been seen. */
  clear: () => become(IDLE),
  read: () => current,
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

function askBeforeLeaving(event: BeforeUnloadEvent) {
  event.preventDefault();
}

export function useUpload(): Upload {
  return useSyncExternalStore(upload.subscribe, upload.read);
}

const SURE_AFTER_MS = 1_500;

/** Seconds left at the mean speed so far; null until that means something. */
export function uploadSecondsLeft(state: {
  sent: number;
  total: number;
  startedAt: number;
  at: number;
}): number | null {
  const elapsed = state.at - state.startedAt;
  if (elapsed < SURE_AFTER_MS || state.sent <= 0) return null;
  return ((state.total - state.sent) * elapsed) / state.sent / 1000;
}
