// One file over the tus protocol: announced, sent in pieces, each with its checksum.
import { DefaultHttpStack, DetailedError, Upload, type HttpStack } from 'tus-js-client';
import { errorOf, Sentence, ServerAway } from '@/client/refusal';
import type { PickedFile } from './pickedFiles';

/** At most this much is sent again after a cut. */
const PIECE_BYTES = 8 * 1024 ** 2;

/** The file on this computer is no longer what was chosen. */
export class FileLost extends Sentence {
  constructor(path: string) {
    super(
      `${path} cannot be read any more; it may have been moved or changed since it was chosen. ` +
        'Choose the files again to go on.',
    );
  }
}

export interface FileSending {
  /** True when the file is safe on the server, false when it was stopped on the way. */
  done: Promise<boolean>;
  stop: () => void;
}

interface FileListener {
  /** Bytes of the file that have been sent, whether or not they have arrived. */
  onProgress: (sent: number) => void;
  /** Bytes of the file that are safe on the server. */
  onSafe: (safe: number) => void;
}

/** What tells a file from an older one of the same name and size. */
export function modifiedOf(file: File): string {
  return String(file.lastModified);
}

/** Sends `picked` to `endpoint`, or goes on at `url` where the server has some of it. */
export function sendFile(
  picked: PickedFile,
  endpoint: string,
  url: string | null,
  { onProgress, onSafe }: FileListener,
): FileSending {
  let stop = () => {};
  const done = new Promise<boolean>((resolve, reject) => {
    const sending = new Upload(picked.file, {
      endpoint: absolute(endpoint),
      uploadUrl: url === null ? null : absolute(url),
      metadata: { filename: picked.path, modified: modifiedOf(picked.file) },
      chunkSize: PIECE_BYTES,
      uploadDataDuringCreation: true,
      storeFingerprintForResuming: false, // the server knows what is unfinished
      retryDelays: null, // sendBasket.ts tries again, for all files together
      httpStack: new CheckedHttpStack(),
      onProgress,
      onChunkComplete: (_length, safe) => onSafe(safe),
      onSuccess: () => resolve(true),
      onError: (error) => reject(meant(error, picked.path)),
    });
    sending.start();
    stop = () => {
      void sending.abort();
      resolve(false);
    };
  });
  return { done, stop };
}

function absolute(path: string): string {
  return new URL(path, window.location.origin).href;
}

function meant(error: Error, path: string): Error {
  if (!(error instanceof DetailedError)) return new FileLost(path);
  const answer = error.originalResponse;
  if (answer !== null) return errorOf(answer.getStatus(), parsed(answer.getBody()));
  return error.causingError instanceof DOMException ? new FileLost(path) : new ServerAway();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Adds the SHA-256 of each piece, where the browser can compute one (https or this computer). */
class CheckedHttpStack implements HttpStack {
  private readonly plain = new DefaultHttpStack({});

  createRequest(method: string, url: string) {
    const request = this.plain.createRequest(method, url);
    const send = request.send.bind(request);
    const abort = request.abort.bind(request);
    let aborted = false;
    request.send = async (body: unknown) => {
      if (body instanceof Blob && body.size > 0) {
        if (window.isSecureContext) {
          request.setHeader('Upload-Checksum', `sha256 ${await sha256(body)}`);
        } else await body.slice(0, 1).arrayBuffer(); // a lost file must not look like a lost server
      }
      // a request that was aborted before it was sent would be sent all the same
      if (aborted) throw new Error('aborted');
      return send(body);
    };
    request.abort = () => {
      aborted = true;
      return abort();
    };
    return request;
  }

  getName() {
    return 'CheckedHttpStack';
  }
}

async function sha256(piece: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await piece.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
