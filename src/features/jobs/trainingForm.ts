// The training form as values, what is wrong with them, and the request that they make.
import type { NumberLimit, TrainingForm, TrainingOptions } from '@/client/records';

/** Number fields hold what was typed: an empty text is "not given". */
export interface FormValues {
  dataset_name: string;
  architecture: string;
  epochs: number | '';
  batch_size: number | '';
  optimizer: string;
  learning_rate: number | '';
  class_balancing: boolean;
  fine_tune_epochs: number | '';
  weights: string;
  image_size: number | '';
  seed: number | '';
  views: number;
}

export type FieldName = keyof FormValues;
export type FieldProblems = Partial<Record<FieldName, string>>;

const NAMES = {
  epochs: 'Epochs',
  batch_size: 'Batch size',
  learning_rate: 'The learning rate',
  fine_tune_epochs: 'Fine-tune epochs',
  image_size: 'The image size',
  seed: 'The seed',
} as const;

type NumberField = keyof typeof NAMES;

/** May be left empty; the server then chooses. */
const OPTIONAL = new Set<NumberField>(['fine_tune_epochs', 'image_size']);
const FRACTIONS = new Set<NumberField>(['learning_rate']);

export function startingValues(options: TrainingOptions, dataset: string): FormValues {
  const { defaults } = options;
  return {
    dataset_name: dataset,
    architecture: defaults.architecture,
    epochs: defaults.epochs,
    batch_size: defaults.batch_size,
    optimizer: defaults.optimizer,
    learning_rate: defaults.learning_rate,
    class_balancing: defaults.class_balancing,
    fine_tune_epochs: defaults.fine_tune_epochs ?? '',
    weights: defaults.weights,
    image_size: defaults.image_size ?? '',
    seed: defaults.seed,
    views: defaults.views,
  };
}

/** One sentence for every field that cannot be sent. */
export function problemsOf(values: FormValues, limits: TrainingOptions['limits']): FieldProblems {
  const problems: FieldProblems = {};
  if (values.dataset_name === '') problems.dataset_name = 'Choose a dataset.';
  for (const field of Object.keys(NAMES) as NumberField[]) {
    const problem = numberProblem(field, values[field], limits[field]);
    if (problem !== null) problems[field] = problem;
  }
  const { epochs, fine_tune_epochs: fineTune } = values;
  if (epochs !== '' && fineTune !== '' && fineTune > epochs && !problems.fine_tune_epochs) {
    problems.fine_tune_epochs = `Fine-tune epochs are part of the ${epochs} epochs: at most ${epochs}.`;
  }
  return problems;
}

function numberProblem(
  field: NumberField,
  value: number | '',
  limit: NumberLimit | undefined,
): string | null {
  const name = NAMES[field];
  if (value === '') return OPTIONAL.has(field) ? null : `${name} must be given.`;
  if (!FRACTIONS.has(field) && !Number.isInteger(value)) return `${name} must be a whole number.`;
  if (FRACTIONS.has(field) && value <= 0) return `${name} must be above 0.`;
  if (limit === undefined || (value >= limit.minimum && value <= limit.maximum)) return null;
  return `${name} must be from ${limit.minimum} to ${limit.maximum}.`;
}

/** The request body; call it only when `problemsOf` found nothing. */
export function bodyOf(values: FormValues): TrainingForm {
  return {
    ...values,
    epochs: Number(values.epochs),
    batch_size: Number(values.batch_size),
    learning_rate: Number(values.learning_rate),
    seed: Number(values.seed),
    fine_tune_epochs: values.fine_tune_epochs === '' ? null : values.fine_tune_epochs,
    image_size: values.image_size === '' ? null : values.image_size,
  };
}

export interface StartSentence {
  text: string;
  random: boolean;
}

/** What the run would start from with the chosen architecture and weights. */
export function startSentence(values: FormValues, options: TrainingOptions): StartSentence | null {
  const chosen = options.architectures.find((each) => each.name === values.architecture);
  if (chosen === undefined) return null;
  const cannotBeHad = chosen.auto_weights === 'random';
  if (values.weights === 'none') {
    return { random: true, text: options.random_start_sentence };
  }
  if (values.weights === 'imagenet' && cannotBeHad) {
    return {
      random: true,
      text: 'ImageNet weights cannot be had at the moment, so this start would be refused rather than begin at random.',
    };
  }
  return { text: chosen.weights_sentence, random: cannotBeHad };
}
