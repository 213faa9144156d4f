// What can go wrong between the page and the server: a refusal in words, or no answer at all.
import type { components } from './schema';

type RefusalBody = components['schemas']['Refusal'];

/** The server said no. `message` is its sentence and is shown as it is. */
export class Refusal extends Error {
  readonly code: string;
  readonly where: Record<string, string | number>;
  readonly status: number;

  constructor(body: RefusalBody, status: number) {
    super(body.detail);
    this.name = 'Refusal';
    this.code = body.code;
    this.where = body.where ?? {};
    this.status = status;
  }

  /** The form field that caused it, if the server named one. */
  get field(): string | null {
    const field = this.where.field;
    return typeof field === 'string' ? field : null;
  }
}

/** Nobody answered: the server is stopped, restarting, or out of reach. */
export class ServerAway extends Error {
  constructor() {
    super('The server does not answer.');
    this.name = 'ServerAway';
  }
}

/** Something that the page itself refuses; the message is a sentence for the person. */
export class Sentence extends Error {}

const GATEWAY = new Set([502, 503, 504]);

/** Whether this status comes from a gateway that found nobody behind it. */
export function isAwayStatus(status: number, body: unknown): boolean {
  return status === 0 || (GATEWAY.has(status) && !isRefusalFromServer(body));
}

function isRefusalFromServer(body: unknown): boolean {
  return refusalBody(body) !== null && (body as RefusalBody).code !== 'server_away';
}

function refusalBody(body: unknown): RefusalBody | null {
  if (typeof body !== 'object' || body === null) return null;
  const { detail, code, where } = body as Partial<RefusalBody>;
  if (typeof detail !== 'string') return null;
  return { detail, code: code ?? 'error', where: where ?? {} };
}

/** The error that an answer with a status of 400 or more stands for. */
export function errorOf(status: number, body: unknown): Refusal | ServerAway {
  if (isAwayStatus(status, body)) return new ServerAway();
  const refusal = refusalBody(body) ?? {
    detail: `The server refused this (status ${status}) without saying why; its log says more.`,
    code: 'error',
    where: {},
  };
  return new Refusal(refusal, status);
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Refusal || error instanceof Sentence) return error.message;
  if (error instanceof ServerAway) {
    return 'The server does not answer. Nothing was changed; try again when it is back.';
  }
  return 'Something went wrong on this page. Reload it; if it happens again, tell your administrator.';
}
