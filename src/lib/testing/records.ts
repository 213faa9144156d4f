// Records as the server sends them, for tests.
import type {
  DatasetSummary,
  EpochPoint,
  ImportListed,
  JobDetail,
  MeasuredCost,
  ModelReport,
  PresetOption,
  TrainingOptions,
  UnfinishedUpload,
} from '@/client/records';

export const dataset: DatasetSummary = {
  name: 'HAM10000',
  dataset_name: 'HAM10000',
  dataset_path: 'server/data/HAM10000',
  layout: 'ham10000',
  layout_reason: 'HAM10000_metadata.csv has the columns image_id, dx and lesion_id.',
  images: 10015,
  lesions: 7470,
  classes: [
    { label: 'nv', images: 8902, lesions: 6856, example_image_ids: ['ISIC_1'] },
    { label: 'mel', images: 1113, lesions: 614, example_image_ids: [] },
  ],
  problem_count: 2,
  trainable: true,
  not_trainable_because: null,
  is_sample: false,
  being_read: false,
  created_at: '2025-12-03T18:00:00Z',
  updated_at: '2025-12-03T18:00:00Z',
  image_sizes: [{ width: 600, height: 450, images: 10015 }],
  problems: [
    { kind: 'row_without_image', message: 'The image is missing.', file: 'metadata.csv', row: 17 },
  ],
  problem_counts: { row_without_image: 2 },
  bytes_on_disk: 2_900_000_000,
  notes: [],
  leaking_columns: [],
};

export const job: JobDetail = {
  job_id: 'a1b2c3d4',
  status: 'running',
  progress: 45,
  message: 'Epoch 15/30',
  seconds_left: 187,
  epoch: 14,
  attempt: 1,
  cancel_requested: false,
  stop_requested: false,
  stopped_after: null,
  priority: 'normal',
  device: 'cpu',
  queue_position: null,
  weights_sentence: 'The backbone starts from ImageNet weights.',
  model_name: null,
  model_path: null,
  request: { dataset_name: 'HAM10000', architecture: 'MobileNetV2', epochs: 30 },
  dataset_name: 'HAM10000',
  architecture: 'MobileNetV2',
  epochs: 30,
  created_at: '2025-12-03T18:00:00Z',
  started_at: '2025-12-03T18:00:05Z',
  completed_at: null,
  history: [],
};

export function epochPoint(epoch: number, more: Partial<EpochPoint> = {}): EpochPoint {
  return {
    epoch,
    epochs: 30,
    phase: 'head',
    loss: 1 / epoch,
    accuracy: 0.5,
    val_loss: 1.2 / epoch,
    val_accuracy: 0.5,
    val_balanced_accuracy: 0.4,
    learning_rate: 0.001,
    seconds: 12,
    best: false,
    ...more,
  };
}

const headline = { accuracy: 0.8132, balanced_accuracy: 0.7071, macro_f1: 0.689, macro_auc: 0.947 };
const baseline = { accuracy: 0.67, balanced_accuracy: 0.5, macro_f1: 0.4, macro_auc: 0.5 };

export const model: ModelReport = {
  name: 'derma_mobilenetv2_20251203_180000',
  model_path: 'server/models/derma_mobilenetv2_20251203_180000.h5',
  metadata_path: 'server/models/derma_mobilenetv2_20251203_180000_metadata.json',
  architecture: 'MobileNetV2',
  dataset_name: 'HAM10000',
  is_sample: false,
  classes: ['nv', 'mel'],
  epochs: 30,
  weights_sentence: 'The backbone starts from ImageNet weights.',
  headline,
  baseline,
  test_images: 1003,
  test_lesions: 747,
  bytes: 11_800_000,
  has_report: false,
  report: null,
  report_url: null,
  created_at: '2025-12-03T18:00:00Z',
  job_id: 'a1b2c3d4',
  files: [
    {
      kind: 'h5',
      file: 'derma_mobilenetv2_20251203_180000.h5',
      bytes: 11_800_000,
      url: '/api/models/derma_mobilenetv2_20251203_180000/files/h5',
    },
  ],
  first_line: 'Tested once, at the end, on 1003 images of 747 lesions that the network never saw.',
  metadata: {
    metrics: {
      test: {
        ...headline,
        per_class: [
          {
            label: 'nv',
            precision: 0.9,
            recall: 0.8,
            specificity: 0.7,
            f1: 0.85,
            auc: 0.95,
            support: 892,
          },
          {
            label: 'mel',
            precision: 0.5,
            recall: 0.614,
            specificity: 0.9,
            f1: 0.55,
            auc: null,
            support: 111,
          },
        ],
        confusion_matrix: {
          labels: ['nv', 'mel'],
          counts: [
            [714, 178],
            [43, 68],
          ],
        },
      },
    },
    baseline: { answer: 'nv', ...baseline },
    split: {
      grouped_by: 'lesion',
      counts: {
        train: { images: 7010, groups: 5229 },
        validation: { images: 2002, groups: 1494 },
        test: { images: 1003, groups: 747 },
      },
    },
    settings: { epochs: 30, optimizer: 'Adam', class_balancing: true },
  },
  history: [],
};

export const options: TrainingOptions = {
  architectures: [
    {
      name: 'DenseNet169',
      summary: 'Dense connections, optimal for medical imaging (recommended)',
      parameters_millions: 12.6,
      native_size: 224,
      auto_weights: 'random',
      weights_sentence: 'RANDOM START: the ImageNet weights of DenseNet169 cannot be had.',
    },
    {
      name: 'MobileNetV2',
      summary: 'Lightweight, edge deployment ready',
      parameters_millions: 2.3,
      native_size: 224,
      auto_weights: 'imagenet',
      weights_sentence: 'The backbone starts from ImageNet weights.',
    },
    {
      name: 'EfficientNetB3',
      summary: 'Scaling optimized, high efficiency',
      parameters_millions: 10.8,
      native_size: 300,
      auto_weights: 'imagenet',
      weights_sentence: 'The backbone starts from ImageNet weights.',
    },
  ],
  random_start_sentence: 'RANDOM START, as asked for: this model learns from nothing.',
  optimizers: ['Adam', 'SGD', 'RMSprop'],
  defaults: {
    dataset_name: '',
    architecture: 'DenseNet169',
    epochs: 30,
    batch_size: 32,
    optimizer: 'Adam',
    learning_rate: 0.001,
    class_balancing: true,
    fine_tune_epochs: null,
    weights: 'auto',
    image_size: null,
    seed: 0,
    views: 4,
  },
  limits: {
    epochs: { default: 30, minimum: 1, maximum: 1000 },
    batch_size: { default: 32, minimum: 1, maximum: 1024 },
    learning_rate: { default: 0.001, minimum: 1e-7, maximum: 1 },
    fine_tune_epochs: { default: 7, minimum: 0, maximum: 1000 },
    image_size: { default: 224, minimum: 32, maximum: 1024 },
    seed: { default: 0, minimum: 0, maximum: 2147483647 },
    views: { default: 4, minimum: 1, maximum: 4 },
  },
  device: 'CPU, 2 cores',
};

const preset: PresetOption = {
  name: 'standard',
  title: 'Standard',
  sentence: 'The usual run.',
  architecture: null,
  epochs: 30,
  fine_tune_share: null,
  batch_size: 32,
  image_size: null,
  native_size: false,
  views: 4,
};

export const presets: PresetOption[] = [
  {
    ...preset,
    name: 'quick',
    title: 'Quick',
    sentence: 'A first look.',
    architecture: 'MobileNetV2',
    epochs: 8,
    image_size: 128,
    views: 1,
  },
  preset,
  {
    ...preset,
    name: 'best',
    title: 'Best',
    sentence: 'For a GPU.',
    fine_tune_share: 0.8,
    native_size: true,
  },
];

export const cost: MeasuredCost = {
  seconds: 371,
  low: 310,
  high: 480,
  parts: [
    { work: 'starting', amount: 1, seconds: 6, low: 6, high: 6, measured: 1 },
    {
      work: 'fine-tuning the whole network',
      amount: 14_020,
      seconds: 365,
      low: 304,
      high: 474,
      measured: 96,
    },
  ],
  not_measured: ['testing, writing the report and saving the model'],
  warnings: [],
  memory_bytes: 1_100_000_000,
  gpu_memory_bytes: null,
  device: 'CPU, 2 threads',
  image_size: 128,
  images: 10_015,
  trial_seconds: 7.2,
  measured_at: '2025-12-03T18:00:00Z',
  beside_running_jobs: 0,
};

export const importing: ImportListed = {
  id: 'a'.repeat(32),
  upload_id: 'f'.repeat(32),
  dataset_name: 'HAM10000',
  state: 'running',
  cancel_requested: false,
  progress: { step: 'checking', done: 2500, total: 10015, seconds_left: 92 },
  refusal: null,
  attempts: 1,
  created_at: '2025-12-03T12:31:00Z',
  started_at: '2025-12-03T12:31:01Z',
  ended_at: null,
};

export const unfinished: UnfinishedUpload = {
  id: 'f'.repeat(32),
  dataset_name: 'HAM10000',
  phase: 'arriving',
  files: 10,
  bytes: 5_300_000_000,
  files_arrived: 2,
  bytes_arrived: 1_200_000_000,
  tus_url: `/api/uploads/${'f'.repeat(32)}/files`,
  created_at: '2025-12-03T12:00:00Z',
  last_active_at: '2025-12-03T12:30:00Z',
  expires_at: '2025-12-10T12:30:00Z',
};
