import { expect, it } from 'vitest';
import { isAnything, soughtOf } from './sought';

it('takes what makes sense from an address and leaves the rest', () => {
  const address = { label: 'mel', age_from: '40', age_to: 300, fact: 'dark', sex: ['a'], x: 1 };
  expect(soughtOf(address)).toEqual({ label: 'mel', age_from: 40, fact: 'dark' });
  expect(soughtOf({ fact: 'nonsense', text: '' })).toEqual({});
});

it('knows an empty description', () => {
  expect(isAnything(soughtOf({ nothing: 'here' }))).toBe(false);
  expect(isAnything(soughtOf({ age_from: 0 }))).toBe(true);
});
