import { describe, expect, it } from 'vitest';
import { uploadSecondsLeft } from './upload';

describe('the time left of an upload', () => {
  it('follows the mean speed so far', () => {
    expect(uploadSecondsLeft({ sent: 25, total: 100, startedAt: 0, at: 10_000 })).toBe(30);
  });

  it('is not guessed in the first moments', () => {
    expect(uploadSecondsLeft({ sent: 25, total: 100, startedAt: 0, at: 500 })).toBeNull();
    expect(uploadSecondsLeft({ sent: 0, total: 100, startedAt: 0, at: 9_000 })).toBeNull();
  });
});
