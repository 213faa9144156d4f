// The kinds of facts in the words of the page, and the order in which they are shown.
import type { FactKind } from '@/client/records';
import { formatNumberOf } from '@/lib/format';

interface KindWords {
  name: string;
  /** What it means, in half a sentence. */
  note: string;
  /** What is counted. */
  one: string;
  many?: string;
  /** Something to settle before a training, where there are any. */
  grave?: boolean;
}

export const KIND: Record<FactKind, KindWords> = {
  unsharp: {
    name: 'Unsharp',
    note: 'Less detail than usual here',
    one: 'image',
  },
  rich_in_detail: {
    name: 'Much fine detail',
    note: 'Often hair, rulers, ink or noise',
    one: 'image',
  },
  dark: { name: 'Dark', note: 'Darker than usual here', one: 'image' },
  bright: { name: 'Bright', note: 'Brighter than usual here', one: 'image' },
  copies: { name: 'Same file', note: 'Under several names', one: 'set' },
  alike: {
    name: 'Nearly the same',
    note: 'Saved again, resized, lightened, turned',
    one: 'pair',
  },
  alike_of_other_lesions: {
    name: 'Nearly the same, other lesion',
    note: 'May be one lesion under two names',
    one: 'pair',
    grave: true,
  },
  lesions: {
    name: 'Same lesion',
    note: 'Never divided by a split',
    one: 'lesion',
  },
  left_out: {
    name: 'Left out',
    note: 'In the folder, and not learnt from',
    one: 'image',
  },
  copies_labelled_apart: {
    name: 'Same file',
    note: 'Named differently',
    one: 'set',
    grave: true,
  },
  alike_labelled_apart: {
    name: 'Nearly the same',
    note: 'Named differently',
    one: 'pair',
    grave: true,
  },
  lesions_labelled_apart: {
    name: 'Same lesion',
    note: 'Named differently',
    one: 'lesion',
    grave: true,
  },
};

export interface Section {
  title: string;
  /** Its title stands before the name of a kind that says too little alone. */
  named?: boolean;
  kinds: FactKind[];
}

export const SECTIONS: Section[] = [
  { title: 'Picture quality', kinds: ['unsharp', 'rich_in_detail', 'dark', 'bright'] },
  {
    title: 'Seen more than once',
    named: true,
    kinds: ['copies', 'alike', 'alike_of_other_lesions', 'lesions'],
  },
  {
    title: 'Diagnoses that disagree',
    named: true,
    kinds: ['copies_labelled_apart', 'alike_labelled_apart', 'lesions_labelled_apart'],
  },
];

/** "12 images", "3 sets". */
export function countOf(kind: FactKind, groups: number): string {
  const { one, many } = KIND[kind];
  return formatNumberOf(groups, one, many);
}
