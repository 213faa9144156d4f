// The one way to the server: typed by its OpenAPI description, failures turned into two errors.
import createClient from 'openapi-fetch';
import { reach } from './reach';
import { Refusal, ServerAway, errorOf } from './refusal';
import type { paths } from './schema';

async function fetchOrAway(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    reach.lost();
    throw new ServerAway();
  }
}

export const client = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  fetch: fetchOrAway,
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/**
 * The data of an answer.
 *
 * Throws `Refusal` with the server's sentence, or `ServerAway`.
 */
export async function answerOf<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) {
    reach.found();
    return data as T;
  }
  throw noticed(errorOf(response.status, error));
}

/** Tells the banner and the door what an error means, and gives it back. */
export function noticed(error: Refusal | ServerAway): Refusal | ServerAway {
  if (error instanceof ServerAway) reach.lost();
  else reach.found();
  if (error instanceof Refusal && error.status === 401) {
    window.dispatchEvent(new Event(SIGNED_OUT));
  }
  return error;
}

/** Fired when the server no longer knows who is there; the door then asks again. */
export const SIGNED_OUT = 'dermascan:signed-out';
