import { describe, expect, it } from 'vitest';
import { errorOf, Refusal, sentenceOf, ServerAway } from './refusal';

describe('an answer that is not a success', () => {
  it("is shown in the server's words", () => {
    const error = errorOf(409, { detail: 'HAM10000 is being read.', code: 'conflict', where: {} });
    expect(sentenceOf(error)).toBe('HAM10000 is being read.');
  });

  it('tells the field that caused it', () => {
    const where = { field: 'epochs' };
    const error = errorOf(422, { detail: 'epochs must be…', code: 'invalid_input', where });
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).field).toBe('epochs');
  });

  it('from a gateway with nobody behind it means that the server is away', () => {
    expect(errorOf(502, '')).toBeInstanceOf(ServerAway);
    expect(errorOf(502, { detail: 'No answer.', code: 'server_away' })).toBeInstanceOf(ServerAway);
  });

  it('with 503 in the words of the server itself is a refusal', () => {
    const error = errorOf(503, { detail: 'The disk is full.', code: 'storage_full', where: {} });
    expect(sentenceOf(error)).toBe('The disk is full.');
  });

  it('without words still gives a sentence', () => {
    expect(sentenceOf(errorOf(500, '<html>'))).toMatch(/status 500.*log/);
    expect(sentenceOf(new TypeError('x is undefined'))).not.toContain('undefined');
  });
});
