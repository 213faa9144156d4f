import { expect, it } from 'vitest';
import type { Prediction } from '@/client/records';
import type { Asked } from './asking';
import { csvOf } from './csv';

const answer = (label: string, probability: number): Prediction => ({
  model_name: 'derma',
  probabilities: [
    { label, probability },
    { label: 'nv', probability: 1 - probability },
  ],
  malignancy: null,
  notice: '',
  milliseconds: 1,
});

const asked = (name: string, found: Prediction | null): Asked => ({
  id: 0,
  file: new File([], name),
  picture: '',
  state: found ? 'answered' : 'refused',
  answer: found,
  error: null,
});

it('has a row for each answer and a column for each class', () => {
  const malignant = {
    ...answer('mel', 0.75),
    malignancy: {
      score: 0.75,
      threshold: 0.2,
      suspicious: true,
      classes: ['mel'],
      sensitivity: null,
      specificity: null,
    },
  };
  expect(csvOf([asked('a.jpg', malignant), asked('b.jpg', null)])).toBe(
    'file,model,answer,mel,nv,malignant,threshold,suspicious\r\n' +
      'a.jpg,derma,mel,0.750000,0.250000,0.750000,0.200000,yes\r\n',
  );
});

it('keeps odd names whole, and no name becomes a formula', () => {
  const [, row] = csvOf([asked('=cmd|x, "1".jpg', answer('mel', 0.5))]).split('\r\n');
  expect(row).toContain(`"'=cmd|x, ""1"".jpg",derma,mel`);
});
