// The sections of a model's report as the page uses them. The one place that knows their shape;
// a section that is not there is null, or a sentence that says why.
import type { ModelReport } from '@/client/records';
import { listOf, numberOf, recordOf, stringOf, textOf } from './fields';

/** A figure with its 95 % interval, each in [0, 1]. */
export interface Estimate {
  value: number;
  low: number | null;
  high: number | null;
}

export type FigureName = 'accuracy' | 'balanced_accuracy' | 'macro_f1' | 'macro_auc';

export interface ClassEvidence {
  label: string;
  images: number;
  lesions: number | null;
  figures: Record<string, Estimate | null>;
}

export interface OperatingPoint {
  classes: string[];
  wanted: number | null;
  threshold: number | null;
  sensitivity: Estimate | null;
  specificity: Estimate | null;
}

export interface Calibration {
  before: Estimate | null;
  after: Estimate | null;
  temperature: number | null;
  correction: number | null;
}

export interface Subgroup {
  column: string;
  value: string;
  images: number;
  lesions: number | null;
  small: boolean;
  balancedAccuracy: Estimate | null;
  accuracy: Estimate | null;
}

export interface Evidence {
  headline: Partial<Record<FigureName, Estimate>>;
  metadataBaseline: Partial<Record<FigureName, Estimate>> | null;
  /** Whether the network is better than the baseline, in the report's own words. */
  aboveBaseline: string | null;
  perClass: ClassEvidence[];
  operatingPoint: OperatingPoint | string | null;
  calibration: Calibration | null;
  subgroups: Subgroup[];
}

const HEADLINE: FigureName[] = ['balanced_accuracy', 'accuracy', 'macro_f1', 'macro_auc'];
const CLASS_FIGURES = ['sensitivity', 'specificity', 'precision', 'f1', 'auc'];

/** What the report shows, or null for a model that has none. */
export function evidenceOf(model: ModelReport): Evidence | null {
  if (!model.report) return null;
  const report = recordOf(model.report);
  const baselines = recordOf(report.baselines);
  return {
    headline: headlineOf(report.headline),
    metadataBaseline: baselineOf(baselines.metadata),
    aboveBaseline:
      stringOf(recordOf(baselines.metadata).sentence) ??
      stringOf(recordOf(baselines.majority).sentence),
    perClass: listOf(report.per_class).map(classOf),
    operatingPoint: operatingPointOf(report.operating_point),
    calibration: calibrationOf(report.calibration),
    subgroups: listOf(report.subgroups).map(subgroupOf),
  };
}

/** A figure with its interval, or bare, as `{value, low, high}` or a number. */
export function estimateOf(found: unknown): Estimate | null {
  const bare = numberOf(found);
  if (bare !== null) return { value: bare, low: null, high: null };
  const { value, low, high } = recordOf(found);
  const known = numberOf(value);
  return known === null ? null : { value: known, low: numberOf(low), high: numberOf(high) };
}

function headlineOf(found: unknown): Evidence['headline'] {
  const fields = recordOf(found);
  const headline: Evidence['headline'] = {};
  for (const name of HEADLINE) {
    const estimate = estimateOf(fields[name]);
    if (estimate !== null) headline[name] = estimate;
  }
  return headline;
}

function baselineOf(found: unknown): Evidence['metadataBaseline'] {
  const fields = recordOf(found);
  const figures = headlineOf('headline' in fields ? fields.headline : fields);
  return Object.keys(figures).length > 0 ? figures : null;
}

function classOf(found: unknown): ClassEvidence {
  const fields = recordOf(found);
  return {
    label: stringOf(fields.label) ?? '?',
    images: numberOf(fields.support) ?? 0,
    lesions: numberOf(fields.lesions),
    figures: Object.fromEntries(
      CLASS_FIGURES.map((name) => [name, estimateOf(fields[name])] as const),
    ),
  };
}

function operatingPointOf(found: unknown): Evidence['operatingPoint'] {
  const fields = recordOf(found);
  const threshold = numberOf(fields.threshold);
  if (threshold === null) return reasonOf(found);
  const test = recordOf(fields.test);
  return {
    classes: listOf(fields.malignant_classes).map(String),
    wanted: numberOf(fields.wanted_sensitivity),
    threshold,
    sensitivity: estimateOf(test.sensitivity),
    specificity: estimateOf(test.specificity),
  };
}

function calibrationOf(found: unknown): Calibration | null {
  const fields = recordOf(found);
  const before = estimateOf(fields.ece_before);
  const after = estimateOf(fields.ece_after);
  if (before === null && after === null) return null;
  return {
    before,
    after,
    temperature: numberOf(fields.temperature),
    correction: numberOf(fields.correction),
  };
}

function subgroupOf(found: unknown): Subgroup {
  const fields = recordOf(found);
  return {
    column: stringOf(fields.column) ?? '?',
    value: textOf(fields.value) ?? '?',
    images: numberOf(fields.images) ?? 0,
    lesions: numberOf(fields.lesions),
    small: fields.small === true,
    balancedAccuracy: estimateOf(fields.balanced_accuracy),
    accuracy: estimateOf(fields.accuracy),
  };
}

function reasonOf(found: unknown): string | null {
  const fields = recordOf(found);
  return stringOf(found) ?? stringOf(fields.none_because) ?? stringOf(fields.reason);
}
