// Which images are sought, as it stands in the address: a colleague who opens it sees the same.
import type { FactKind } from '@/client/records';
import { numberOf, oneOf, textOf } from '@/lib/search';

export const FACTS_TO_SEEK = [
  'unsharp',
  'rich_in_detail',
  'dark',
  'bright',
  'copies',
  'alike',
  'alike_of_other_lesions',
  'lesions',
  'copies_labelled_apart',
  'alike_labelled_apart',
  'lesions_labelled_apart',
  'left_out',
] as const satisfies readonly FactKind[];

const OLDEST = 150;

export interface Sought {
  label?: string;
  site?: string;
  sex?: string;
  age_from?: number;
  age_to?: number;
  fact?: FactKind;
  /** Part of an id. */
  text?: string;
}

export function soughtOf(search: Record<string, unknown>): Sought {
  return {
    label: textOf(search.label),
    site: textOf(search.site),
    sex: textOf(search.sex),
    age_from: numberOf(search.age_from, 0, OLDEST),
    age_to: numberOf(search.age_to, 0, OLDEST),
    fact: oneOf(FACTS_TO_SEEK, search.fact),
    text: textOf(search.text),
  };
}

export function isAnything(sought: Sought): boolean {
  return Object.values(sought).some((value) => value !== undefined);
}
