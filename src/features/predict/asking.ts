// Images that a model is asked about: a few at a time, each with its answer or its refusal.
import { useEffect, useReducer, useRef } from 'react';
import { answerOf, client } from '@/client/client';
import type { Prediction } from '@/client/records';

/** The server answers two at once; more would only wait there. */
const AT_ONCE = 2;

export interface Asked {
  id: number;
  file: File;
  /** Address of the picture in this browser. */
  picture: string;
  state: 'waiting' | 'asking' | 'answered' | 'refused';
  answer: Prediction | null;
  error: unknown;
}

type Happening =
  | { kind: 'added'; images: Pick<Asked, 'file' | 'picture'>[] }
  | { kind: 'begun'; id: number }
  | { kind: 'answered'; id: number; answer: Prediction }
  | { kind: 'refused'; id: number; error: unknown }
  | { kind: 'cleared' };

interface Round {
  next: number;
  images: Asked[];
}

export function happened({ next, images }: Round, it: Happening): Round {
  switch (it.kind) {
    case 'added': {
      const added = it.images.map((image, index) => ({
        ...image,
        id: next + index,
        state: 'waiting' as const,
        answer: null,
        error: null,
      }));
      return { next: next + added.length, images: [...images, ...added] };
    }
    case 'cleared':
      return { next, images: [] };
    case 'begun':
      return { next, images: changed(images, it.id, { state: 'asking' }) };
    case 'answered':
      return { next, images: changed(images, it.id, { state: 'answered', answer: it.answer }) };
    case 'refused':
      return { next, images: changed(images, it.id, { state: 'refused', error: it.error }) };
  }
}

function changed(images: Asked[], id: number, change: Partial<Asked>): Asked[] {
  return images.map((each) => (each.id === id ? { ...each, ...change } : each));
}

/** Asks `model` about every image that is added. */
export function useAsking(model: string) {
  const [{ images }, tell] = useReducer(happened, { next: 0, images: [] });
  const asking = images.filter(({ state }) => state === 'asking').length;
  const waiting = images.find(({ state }) => state === 'waiting');
  useEffect(() => {
    if (waiting === undefined || asking >= AT_ONCE) return;
    const { id, file } = waiting;
    tell({ kind: 'begun', id });
    predict(model, file).then(
      (answer) => tell({ kind: 'answered', id, answer }),
      (error: unknown) => tell({ kind: 'refused', id, error }),
    );
  }, [model, waiting, asking]);
  useReleased(images);
  return {
    images,
    add: (files: File[]) =>
      tell({
        kind: 'added',
        images: files.map((file) => ({ file, picture: URL.createObjectURL(file) })),
      }),
    clear: () => {
      release(images);
      tell({ kind: 'cleared' });
    },
  };
}

/** Gives the memory of the pictures back when the page is left. */
function useReleased(images: Asked[]) {
  const latest = useRef(images);
  useEffect(() => {
    latest.current = images;
  });
  useEffect(() => () => release(latest.current), []);
}

function release(images: Asked[]) {
  for (const { picture } of images) URL.revokeObjectURL(picture);
}

function predict(model: string, image: File): Promise<Prediction> {
  return answerOf(
    client.POST('/api/models/{name}/predict', {
      params: { path: { name: model } },
      // The description calls a file a text; the form that is sent carries the file itself.
      body: { image: '' },
      bodySerializer: () => asForm(image),
    }),
  );
}

function asForm(image: File): FormData {
  const form = new FormData();
  form.append('image', image, image.name);
  return form;
}
