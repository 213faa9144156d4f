// The states and settings of a job in the words of the page.
import type { JobStatus, PriorityName } from '@/client/records';
import { formatRate } from '@/lib/format';

export const STATUS: Record<JobStatus, { name: string; colour: string }> = {
  queued: { name: 'Queued', colour: 'gray' },
  running: { name: 'Running', colour: 'petrol' },
  completed: { name: 'Completed', colour: 'green' },
  failed: { name: 'Failed', colour: 'red' },
  cancelled: { name: 'Cancelled', colour: 'gray' },
};

export const PRIORITY: Record<PriorityName, string> = {
  low: 'Low',
  normal: 'Normal',
  high: 'High',
};

export function isOver(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

type Settings = Record<string, unknown>;

/** What was asked for, as name and value, in the order of the form. */
export function settingsOf(request: Settings): [string, string][] {
  return [
    ['Dataset', textOf(request.dataset_name)],
    ['Architecture', textOf(request.architecture)],
    ['Epochs', textOf(request.epochs)],
    ['of these fine-tuning', textOf(request.fine_tune_epochs, 'the last quarter')],
    ['Batch size', textOf(request.batch_size)],
    ['Optimizer', textOf(request.optimizer)],
    [
      'Learning rate',
      typeof request.learning_rate === 'number' ? formatRate(request.learning_rate) : '–',
    ],
    ['Class balancing', request.class_balancing === false ? 'off' : 'on'],
    ['Weights', textOf(request.weights)],
    ['Image size', textOf(request.image_size, 'chosen from the images')],
    ['Views of each image', textOf(request.views)],
    ['Seed', textOf(request.seed)],
  ];
}

function textOf(value: unknown, otherwise = '–'): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
