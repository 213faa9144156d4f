// The lines of the two live charts, as columns of numbers.
import type { EpochPoint } from '@/client/records';
import { formatLoss, formatShare } from '@/lib/format';

export interface Line {
  name: string;
  /** Name of the colour token. */
  colour: string;
  dashed?: boolean;
  valueOf: (point: EpochPoint) => number;
}

export interface Chart {
  title: string;
  lines: Line[];
  format: (value: number) => string;
  /** Fixed range of the values; without one it follows the data. */
  range?: [number, number];
}

export const LOSS: Chart = {
  title: 'Loss',
  format: formatLoss,
  lines: [
    { name: 'Training', colour: '--series-train', dashed: true, valueOf: (point) => point.loss },
    { name: 'Validation', colour: '--series-validation', valueOf: (point) => point.val_loss },
  ],
};

export const ACCURACY: Chart = {
  title: 'Accuracy',
  format: formatShare,
  range: [0, 1],
  lines: [
    {
      name: 'Training',
      colour: '--series-train',
      dashed: true,
      valueOf: (point) => point.accuracy,
    },
    { name: 'Validation', colour: '--series-validation', valueOf: (point) => point.val_accuracy },
    {
      name: 'Validation, balanced',
      colour: '--series-balanced',
      valueOf: (point) => point.val_balanced_accuracy,
    },
  ],
};

/** Epochs first, then one column per line: what uPlot draws. */
export function columnsOf(chart: Chart, history: EpochPoint[]): [number[], ...number[][]] {
  return [
    history.map((point) => point.epoch),
    ...chart.lines.map((line) => history.map(line.valueOf)),
  ];
}

/** Where fine-tuning begins, halfway between two epochs; null while there is only one phase. */
export function phaseBoundary(history: EpochPoint[]): number | null {
  const index = history.findIndex((point) => point.phase === 'fine-tuning');
  if (index <= 0) return null;
  return ((history[index - 1]?.epoch ?? 0) + (history[index]?.epoch ?? 0)) / 2;
}
