// Asks a model about one image.
import { answerOf, client } from '@/client/client';
import type { Prediction } from '@/client/records';

export function predict(name: string, image: File): Promise<Prediction> {
  return answerOf(
    client.POST('/api/models/{name}/predict', {
      params: { path: { name } },
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

/** The image in what was dropped or pasted; null when there is none. */
export function imageOf(transfer: DataTransfer): File | null {
  return Array.from(transfer.files).find((file) => file.type.startsWith('image/')) ?? null;
}
