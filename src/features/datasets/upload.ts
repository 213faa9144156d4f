// The upload that is under way. It lives outside the pages, so that looking elsewhere keeps it.
import { useSyncExternalStore } from 'react';
import { answerOf, client } from '@/client/client';
import type { ImportListed, UnfinishedUpload, UploadResult } from '@/client/records';
import { ServerAway } from '@/client/refusal';
import { OtherFiles, planOf, type Plan } from './goingOn';
import { beginImport, followImport, ImportCancelled } from './imports';
import { waitToTryAgain } from './patience';
import { totalBytes, type PickedFile } from './pickedFiles';
import { BasketSending, Cancelled } from './sendBasket';
import { NO_PACE, Speedometer, type Pace } from './speed';

export interface SendingState extends Pace {
  phase: 'sending';
  name: string;
  sent: number;
  total: number;
  paused: boolean;
  /** The server does not answer; it is asked again by itself. */
  waiting: boolean;
  /** When the unfinished upload was begun that this one goes on with. */
  since: string | null;
}

export interface ReadingState {
  phase: 'reading';
  name: string;
  waiting: boolean;
  /** The import on the server, once it has been asked for. */
  seen: ImportListed | null;
}

export type Upload =
  | { phase: 'idle' }
  | { phase: 'choosing'; basket: UnfinishedUpload; error: unknown }
  | SendingState
  | ReadingState
  | { phase: 'done'; name: string; result: UploadResult }
  | { phase: 'refused'; name: string; error: unknown; again: () => void };

/** One upload from its first to its last request. */
interface Run {
  name: string;
  files: PickedFile[];
  basket: UnfinishedUpload | null;
  sending: BasketSending | null;
  ended: AbortController;
}

const IDLE: Upload = { phase: 'idle' };

let current: Upload = IDLE;
let run: Run | null = null;
const listeners = new Set<() => void>();

function become(next: Upload) {
  current = next;
  for (const listener of listeners) listener();
}

export const upload = {
  /** Sends `files` to the dataset `name`; with `basket`, goes on with that unfinished upload. */
  start(name: string, files: PickedFile[], basket: UnfinishedUpload | null = null) {
    const mine: Run = { name, files, basket, sending: null, ended: new AbortController() };
    run = mine;
    become(beginning(mine));
    carry(mine).then(
      (result) => {
        if (run === mine) become({ phase: 'done', name, result });
      },
      (error: unknown) => {
        if (run !== mine || error instanceof Cancelled) return;
        if (error instanceof ImportCancelled) {
          run = null; // what has arrived stays, and is listed as an unfinished upload
          become(IDLE);
        } else become(refused(mine, error));
      },
    );
  },
  /** Asks for the files of an unfinished upload again. */
  choose: (basket: UnfinishedUpload) => become({ phase: 'choosing', basket, error: null }),
  pause: () => {
    run?.sending?.pause();
    if (current.phase === 'sending') become({ ...current, ...NO_PACE, paused: true });
  },
  goOn: () => {
    run?.sending?.goOn();
    if (current.phase === 'sending') become({ ...current, paused: false });
  },
  /** Stops and throws away what has arrived. */
  cancel: async () => {
    const cancelled = run;
    run = null;
    cancelled?.ended.abort();
    cancelled?.sending?.stop();
    try {
      if (cancelled?.basket) await discard(cancelled.basket.id);
    } finally {
      become(IDLE);
    }
  },
  /** Back to the empty form, after the end has been seen. */
  clear: () => {
    run = null;
    become(IDLE);
  },
  read: () => current,
  /** The unfinished upload that is being sent or read now. */
  current: () => (run === null || current.phase === 'refused' ? null : (run.basket?.id ?? null)),
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

export function useUpload(): Upload {
  return useSyncExternalStore(upload.subscribe, upload.read);
}

/** Throws an unfinished upload away. */
export function discard(id: string) {
  const params = { path: { basket_id: id } };
  return answerOf(client.DELETE('/api/uploads/{basket_id}', { params }));
}

function beginning({ name, files, basket }: Run): SendingState {
  const total = basket?.bytes ?? totalBytes(files);
  const sent = basket?.bytes_arrived ?? 0;
  const since = basket?.created_at ?? null;
  return { phase: 'sending', name, sent, total, ...NO_PACE, paused: false, waiting: false, since };
}

function refused(mine: Run, error: unknown): Upload {
  if (error instanceof OtherFiles && mine.basket !== null) {
    return { phase: 'choosing', basket: mine.basket, error };
  }
  const again = () => upload.start(mine.name, mine.files, mine.basket);
  return { phase: 'refused', name: mine.name, error, again };
}

async function carry(mine: Run): Promise<UploadResult> {
  const plan = await prepare(mine);
  const { basket } = mine;
  if (basket === null || mine.ended.signal.aborted) throw new Cancelled();
  mine.sending = new BasketSending(plan, basket.tus_url, telling(mine));
  await mine.sending.send();
  let seen: ImportListed | null = null;
  const tell = (waiting: boolean) => {
    if (run === mine) become({ phase: 'reading', name: mine.name, waiting, seen });
  };
  const ask = <T>(question: () => Promise<T>) => patiently(mine, question, tell);
  tell(false);
  seen = await ask(() => beginImport(basket.id));
  const look = (now: ImportListed) => {
    seen = now;
    tell(false);
  };
  return followImport(seen.id, ask, look, mine.ended.signal);
}

async function prepare(mine: Run): Promise<Plan> {
  const { files, name } = mine;
  if (mine.basket === null) {
    const body = { dataset_name: name, files: files.length, bytes: totalBytes(files) };
    mine.basket = await answerOf(client.POST('/api/uploads', { body }));
    if (mine.ended.signal.aborted) {
      await discard(mine.basket.id); // it was cancelled before it had a name to be cancelled by
      throw new Cancelled();
    }
    return planOf(files, mine.basket, []);
  }
  const params = { path: { basket_id: mine.basket.id } };
  const { announced, ...basket } = await answerOf(
    client.GET('/api/uploads/{basket_id}', { params }),
  );
  mine.basket = basket;
  const plan = planOf(files, basket, announced);
  for (const url of plan.takeBack) await takeBack(url);
  return plan;
}

function takeBack(url: string) {
  const [file_id = '', , basket_id = ''] = url.split('/').reverse();
  return answerOf(
    client.DELETE('/api/uploads/{basket_id}/files/{file_id}', {
      params: { path: { basket_id, file_id } },
      headers: { 'Tus-Resumable': '1.0.0' },
    }),
  );
}

function telling(mine: Run) {
  const meter = new Speedometer();
  const change = (next: (now: SendingState) => SendingState) => {
    if (run === mine && current.phase === 'sending') become(next(current));
  };
  return {
    onProgress: (sent: number) =>
      change((now) => {
        if (now.paused || now.waiting) meter.restart();
        const pace = now.paused ? NO_PACE : meter.note(Date.now(), sent, now.total);
        return { ...now, ...pace, sent };
      }),
    onWaiting: (waiting: boolean) => change((now) => ({ ...now, ...NO_PACE, waiting })),
  };
}

/** Asks until the server answers: to ask for an import twice does no harm. */
async function patiently<T>(
  mine: Run,
  ask: () => Promise<T>,
  tell: (waiting: boolean) => void,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (mine.ended.signal.aborted) throw new Cancelled();
      if (!(error instanceof ServerAway)) throw error;
      tell(true);
      await waitToTryAgain(tries, mine.ended.signal);
    }
  }
}
