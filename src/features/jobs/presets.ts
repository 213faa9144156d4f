// Presets as form values: what one fills in, and which one the values are.
import type { PresetOption, TrainingForm, TrainingOptions } from '@/client/records';
import type { FieldName, FormValues } from './trainingForm';

type Filled = Pick<
  FormValues,
  'epochs' | 'fine_tune_epochs' | 'batch_size' | 'image_size' | 'views'
>;

/** What a preset fills in beside the architecture, which decides the native size. */
export function filledBy(
  preset: PresetOption,
  architecture: string,
  options: TrainingOptions,
): Filled {
  const chosen = options.architectures.find((each) => each.name === architecture);
  const share = preset.fine_tune_share;
  const size = preset.native_size ? chosen?.native_size : preset.image_size;
  return {
    epochs: preset.epochs,
    fine_tune_epochs: share === null ? '' : Math.ceil(share * preset.epochs),
    batch_size: preset.batch_size,
    image_size: size ?? '',
    views: preset.views,
  };
}

/** The values after a preset was picked; without a suggestion of its own it takes `own`. */
export function picked(
  preset: PresetOption,
  values: FormValues,
  own: string,
  options: TrainingOptions,
): FormValues {
  const architecture = preset.architecture ?? own;
  return { ...values, architecture, ...filledBy(preset, architecture, options) };
}

/** The preset that the values are; undefined = custom. */
export function presetOf(
  values: FormValues,
  presets: PresetOption[],
  options: TrainingOptions,
): PresetOption | undefined {
  return presets.find((preset) => {
    const filled = filledBy(preset, values.architecture, options);
    return (Object.keys(filled) as (keyof Filled)[]).every((name) => filled[name] === values[name]);
  });
}

/** The values after one was changed by hand; a preset follows the architecture. */
export function changed<F extends FieldName>(
  values: FormValues,
  field: F,
  value: FormValues[F],
  presets: PresetOption[],
  options: TrainingOptions,
): FormValues {
  const after = { ...values, [field]: value };
  const preset = field === 'architecture' ? presetOf(values, presets, options) : undefined;
  return preset ? { ...after, ...filledBy(preset, after.architecture, options) } : after;
}

/** A request without what changes no cost, so that one trial answers for all of these. */
export function costBody(body: TrainingForm, { defaults }: TrainingOptions): TrainingForm {
  const { seed, learning_rate, class_balancing } = defaults;
  return { ...body, seed, learning_rate, class_balancing };
}
