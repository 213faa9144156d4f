// One upload over XMLHttpRequest, because fetch cannot tell how much has been sent.
import { noticed } from '@/client/client';
import { reach } from '@/client/reach';
import { errorOf, ServerAway } from '@/client/refusal';
import type { UploadResult } from '@/client/records';
import type { PickedFile } from './pickedFiles';

interface Listener {
  onProgress: (sent: number, total: number) => void;
  /** Everything is sent; the server now reads the images. */
  onSent: () => void;
}

export interface Sending {
  answer: Promise<UploadResult>;
  cancel: () => void;
}

/** Thrown when the person cancelled. */
export class Cancelled extends Error {}

export function sendFiles(name: string, files: PickedFile[], listener: Listener): Sending {
  const request = new XMLHttpRequest();
  const answer = new Promise<UploadResult>((resolve, reject) => {
    request.upload.onprogress = (event) => listener.onProgress(event.loaded, event.total);
    request.upload.onload = listener.onSent;
    request.onabort = () => reject(new Cancelled());
    request.onerror = () => reject(noticed(new ServerAway()));
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status === 200) {
        reach.found();
        resolve(body as UploadResult);
      } else reject(noticed(errorOf(request.status, body)));
    };
  });
  request.open('POST', `/api/upload-dataset?datasetName=${encodeURIComponent(name)}`);
  request.setRequestHeader('accept', 'application/json');
  request.send(asForm(files));
  return { answer, cancel: () => request.abort() };
}

function asForm(files: PickedFile[]): FormData {
  const form = new FormData();
  for (const { file, path } of files) form.append('files', file, path);
  return form;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
