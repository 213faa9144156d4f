// The sections of a report as the server sends them, and a comparison, for tests.
import type { FigureCompared, ModelComparison } from '@/client/records';

const estimate = (value: number, low: number, high: number) => ({ value, low, high });

export const report = {
  format: 1,
  headline: {
    accuracy: estimate(0.8132, 0.79, 0.84),
    balanced_accuracy: estimate(0.707, 0.66, 0.75),
    macro_f1: estimate(0.689, 0.64, 0.73),
    macro_auc: estimate(0.947, 0.93, 0.96),
  },
  per_class: [
    { label: 'nv', support: 892, lesions: 690, sensitivity: estimate(0.8, 0.77, 0.83) },
    { label: 'mel', support: 111, lesions: 57, sensitivity: estimate(0.614, 0.5, 0.72) },
  ],
  baselines: {
    metadata: {
      columns: ['age', 'sex'],
      headline: { balanced_accuracy: estimate(0.31, 0.27, 0.35) },
      sentence: 'The balanced accuracy is 0.397 above that of a model that sees only age and sex.',
    },
  },
  operating_point: {
    malignant_classes: ['mel'],
    wanted_sensitivity: 0.9,
    threshold: 0.21,
    validation: {},
    test: { sensitivity: estimate(0.87, 0.78, 0.94), specificity: estimate(0.71, 0.67, 0.75) },
  },
  calibration: { temperature: 1.4, correction: 0.35, ece_before: 0.11, ece_after: 0.031 },
  subgroups: [
    { column: 'sex', value: 'female', images: 480, lesions: 360, small: false, accuracy: 0.82 },
    { column: 'age', value: '0–29', images: 14, lesions: 11, small: true, accuracy: 0.93 },
  ],
};

const side = (mean: number) => ({ mean, spread: null, values: [mean] });

export function compared(figure: string, a: number, b: number, reach: number): FigureCompared {
  const difference = a - b;
  const [low, high] = [difference - reach, difference + reach];
  const shown = low > 0 || high < 0;
  return { figure, a: side(a), b: side(b), difference, low, high, shown };
}

export const comparison: ModelComparison = {
  sentence: 'No difference shown: on the 747 lesions that both were tested on, …',
  shown: false,
  better: null,
  decided_by: 'balanced_accuracy',
  models: { a: ['one'], b: ['two'] },
  lesions: 747,
  images: 1003,
  test_parts: 1,
  confidence: 0.95,
  replicates: 2000,
  figures: [compared('balanced_accuracy', 0.71, 0.7, 0.03), compared('accuracy', 0.8, 0.7, 0.02)],
  sensitivities: [compared('mel', 0.61, 0.55, 0.1)],
  mcnemar: { for_a: 40, for_b: 21, same: 686, p: 0.0204 },
  left_out: ['two was trained on or chosen by 12 lesions; they do not count.'],
  settings: [{ name: 'fine_tune_epochs', a: ['8'], b: ['0'] }],
  notes: [],
};
