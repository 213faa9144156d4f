// A model's metadata as the page uses it. The one place that knows its shape: whatever an older or
// newer training program left out becomes null or empty here, and nothing after this has to ask.
import type { EpochPoint, ModelReport } from '@/client/records';
import { listOf, namesOf, numberOf, recordOf, stringOf, textOf, type Fields } from './fields';

export interface Scores {
  accuracy: number | null;
  balancedAccuracy: number | null;
  macroF1: number | null;
  macroAuc: number | null;
}

export interface ClassScores {
  label: string;
  precision: number | null;
  recall: number | null;
  specificity: number | null;
  f1: number | null;
  auc: number | null;
  support: number;
}

export interface ConfusionMatrix {
  labels: string[];
  /** Row = true class, column = answered class. */
  counts: number[][];
}

export interface SplitPart {
  part: string;
  images: number | null;
  lesions: number | null;
}

export interface Report {
  test: Scores;
  baseline: Scores;
  /** The class that the baseline always answers. */
  baselineAnswer: string | null;
  perClass: ClassScores[];
  confusion: ConfusionMatrix | null;
  groupedBy: string | null;
  parts: SplitPart[];
  leftOut: string[];
  settings: [string, string][];
  notice: string | null;
  bestEpoch: number | null;
  history: EpochPoint[];
}

export function reportOf(model: ModelReport): Report {
  const metadata = recordOf(model.metadata);
  const test = recordOf(recordOf(metadata.metrics).test);
  const baseline = recordOf(metadata.baseline);
  const split = recordOf(metadata.split);
  return {
    test: scoresOf(test, model.headline),
    baseline: scoresOf(baseline, model.baseline),
    baselineAnswer: stringOf(baseline.answer),
    perClass: listOf(test.per_class).map(classScoresOf),
    confusion: confusionOf(test.confusion_matrix),
    groupedBy: stringOf(split.grouped_by),
    parts: partsOf(recordOf(split.counts)),
    leftOut: namesOf(recordOf(metadata.data).left_out_classes),
    settings: settingsOf(metadata),
    notice: stringOf(metadata.notice),
    bestEpoch: numberOf(metadata.best_epoch),
    history: listOf(model.history).filter(isEpoch),
  };
}

function scoresOf(found: Fields, headline: ModelReport['headline']): Scores {
  return {
    accuracy: numberOf(found.accuracy) ?? headline.accuracy,
    balancedAccuracy: numberOf(found.balanced_accuracy) ?? headline.balanced_accuracy,
    macroF1: numberOf(found.macro_f1) ?? headline.macro_f1,
    macroAuc: numberOf(found.macro_auc) ?? headline.macro_auc,
  };
}

function classScoresOf(value: unknown): ClassScores {
  const found = recordOf(value);
  return {
    label: stringOf(found.label) ?? '?',
    precision: numberOf(found.precision),
    recall: numberOf(found.recall),
    specificity: numberOf(found.specificity),
    f1: numberOf(found.f1),
    auc: numberOf(found.auc),
    support: numberOf(found.support) ?? 0,
  };
}

/** The matrix, or null when it is not square over its labels. */
function confusionOf(value: unknown): ConfusionMatrix | null {
  const found = recordOf(value);
  const labels = listOf(found.labels).map(String);
  const counts = listOf(found.counts).map((row) => listOf(row).map((cell) => numberOf(cell) ?? 0));
  const square =
    counts.length === labels.length && counts.every((row) => row.length === labels.length);
  return labels.length > 0 && square ? { labels, counts } : null;
}

const PARTS: [key: string, name: string][] = [
  ['train', 'Training'],
  ['validation', 'Validation'],
  ['test', 'Test'],
];

function partsOf(counts: Fields): SplitPart[] {
  return PARTS.filter(([key]) => key in counts).map(([key, part]) => {
    const found = recordOf(counts[key]);
    return {
      part,
      images: numberOf(found.images) ?? numberOf(counts[key]),
      lesions: numberOf(found.groups) ?? numberOf(found.lesions),
    };
  });
}

function settingsOf(metadata: Fields): [string, string][] {
  const settings = recordOf(metadata.settings);
  const input = recordOf(metadata.input);
  const weights = recordOf(metadata.weights);
  const rows: [string, unknown][] = [
    ['Architecture', metadata.architecture],
    ['Dataset', metadata.dataset_name],
    ['Epochs', settings.epochs],
    ['of these fine-tuning', settings.fine_tune_epochs],
    ['Epoch kept', metadata.best_epoch],
    ['Batch size', settings.batch_size],
    ['Optimizer', settings.optimizer],
    ['Learning rate', settings.learning_rate],
    ['Class balancing', settings.class_balancing],
    ['Weights', weights.used ?? settings.weights],
    ['Input size', sizeOf(input.size ?? settings.image_size)],
    ['Views of each image', settings.views],
    ['Seed', metadata.seed ?? settings.seed],
    ['Device', metadata.device],
  ];
  return rows.flatMap(([name, value]): [string, string][] => {
    const text = textOf(value);
    return text === null ? [] : [[name, text]];
  });
}

function sizeOf(value: unknown): string | null {
  const side = numberOf(value);
  return side === null ? null : `${side} × ${side} pixels`;
}

function isEpoch(value: unknown): value is EpochPoint {
  const found = recordOf(value);
  return ['epoch', 'loss', 'val_loss', 'accuracy', 'val_accuracy', 'val_balanced_accuracy'].every(
    (field) => numberOf(found[field]) !== null,
  );
}
