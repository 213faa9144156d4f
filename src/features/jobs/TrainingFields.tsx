// The fields of the training form, each with one line of help.
import { NumberInput, Select, SimpleGrid, Switch } from '@mantine/core';
import type { DatasetListed, TrainingOptions } from '@/client/records';
import { formatNumberOf } from '@/lib/format';
import type { FieldName, FieldProblems, FormValues } from './trainingForm';

interface FieldsProps {
  values: FormValues;
  problems: FieldProblems;
  options: TrainingOptions;
  change: <F extends FieldName>(field: F, value: FormValues[F]) => void;
}

export function MainFields({ datasets, ...form }: FieldsProps & { datasets: DatasetListed[] }) {
  const { values, problems, options, change } = form;
  const architecture = options.architectures.find((each) => each.name === values.architecture);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" verticalSpacing="lg">
      <Select
        label="Dataset"
        description={datasetHelp(datasets.find((each) => each.name === values.dataset_name))}
        placeholder="Choose a dataset"
        data={datasets.map(({ name, trainable }) => ({
          value: name,
          label: trainable ? name : `${name} (cannot be trained on yet)`,
          disabled: !trainable,
        }))}
        allowDeselect={false}
        searchable={datasets.length > 8}
        value={values.dataset_name || null}
        error={problems.dataset_name}
        onChange={(name) => change('dataset_name', name ?? '')}
      />
      <Select
        label="Architecture"
        description={architecture?.summary}
        data={options.architectures.map((each) => each.name)}
        allowDeselect={false}
        value={values.architecture}
        error={problems.architecture}
        onChange={(name) => name !== null && change('architecture', name)}
      />
      <NumberField
        {...form}
        field="epochs"
        label="Epochs"
        help="How many times the network sees every training image."
      />
      <NumberField
        {...form}
        field="batch_size"
        label="Batch size"
        help="Images per step. Halve it if memory runs out."
      />
      <Select
        label="Optimizer"
        description="The rule by which the network learns. Adam suits most sets."
        data={options.optimizers}
        allowDeselect={false}
        value={values.optimizer}
        error={problems.optimizer}
        onChange={(name) => name !== null && change('optimizer', name)}
      />
      <NumberField
        {...form}
        field="learning_rate"
        label="Learning rate"
        help="Size of each step. A pretrained backbone learns at 0.3 of it."
        step={0.0005}
      />
      <Switch
        label="Class balancing"
        description="Rare diagnoses count as much as common ones."
        checked={values.class_balancing}
        onChange={(event) => change('class_balancing', event.currentTarget.checked)}
      />
    </SimpleGrid>
  );
}

const WEIGHTS = [
  { value: 'auto', label: 'Automatic: ImageNet if it can be had' },
  { value: 'imagenet', label: 'ImageNet, or do not start' },
  { value: 'none', label: 'Random' },
];

const VIEWS = [
  { value: '1', label: '1: quickest answers' },
  { value: '2', label: '2: one mirror image' },
  { value: '4', label: '4: surest answers' },
];

export function AdvancedFields(form: FieldsProps) {
  const { values, problems, options, change } = form;
  const native = options.architectures.find((each) => each.name === values.architecture);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" verticalSpacing="lg">
      <NumberField
        {...form}
        field="fine_tune_epochs"
        label="Fine-tune epochs"
        help="The last epochs, which train the backbone too. Empty: the last quarter. 0: never."
        placeholder="the last quarter"
      />
      <Select
        label="Weights"
        description="What the backbone knows before it starts."
        data={WEIGHTS}
        allowDeselect={false}
        value={values.weights}
        error={problems.weights}
        onChange={(name) => name !== null && change('weights', name)}
      />
      <NumberField
        {...form}
        field="image_size"
        label="Image size"
        help={`Side of the square input in pixels${native ? `; ${native.name} was made for ${native.native_size}` : ''}. Empty: chosen from the images.`}
        placeholder="chosen from the images"
      />
      <Select
        label="Views of each image"
        description="Mirror images of each, over which the finished model takes the mean. More are right more often, and as much slower."
        data={VIEWS}
        allowDeselect={false}
        value={String(values.views)}
        error={problems.views}
        onChange={(views) => views !== null && change('views', Number(views))}
      />
      <NumberField
        {...form}
        field="seed"
        label="Seed"
        help="The same seed gives the same split and the same start."
      />
    </SimpleGrid>
  );
}

type NumberName = {
  [F in FieldName]: '' extends FormValues[F] ? F : never;
}[FieldName];

interface NumberFieldProps extends FieldsProps {
  field: NumberName;
  label: string;
  help: string;
  step?: number;
  placeholder?: string;
}

function NumberField(props: NumberFieldProps) {
  const { field, label, help, step = 1, placeholder, values, problems, change } = props;
  return (
    <NumberInput
      label={label}
      description={help}
      placeholder={placeholder}
      step={step}
      min={0}
      decimalScale={step < 1 ? 8 : 0}
      clampBehavior="none"
      inputMode={step < 1 ? 'decimal' : 'numeric'}
      value={values[field]}
      error={problems[field]}
      onChange={(value) => change(field, typeof value === 'number' ? value : numberOf(value))}
    />
  );
}

function numberOf(text: string): number | '' {
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? '' : value;
}

function datasetHelp(dataset: DatasetListed | undefined): string {
  if (dataset === undefined) return 'The images to learn from.';
  const sample = dataset.is_sample ? ' (drawn sample, for trying only)' : '';
  return `${formatNumberOf(dataset.images, 'image')}, ${formatNumberOf(dataset.classes.length, 'class', 'classes')}${sample}`;
}
