// The figures of each class against all others, of a model that has no report.
import { formatCount, formatScore } from '@/lib/format';
import { ClassTable, type Column } from './ClassTable';
import type { ClassScores } from './report';

const COLUMNS: Column<ClassScores>[] = [
  ['Images', (row) => formatCount(row.support)],
  ['Sensitivity', (row) => formatScore(row.recall, row.support)],
  ['Specificity', (row, others) => formatScore(row.specificity, others)],
  ['Precision', (row) => formatScore(row.precision, row.support)],
  ['F1', (row) => formatScore(row.f1, row.support)],
  ['AUC', (row) => formatScore(row.auc, row.support)],
];

export function PerClassTable({ rows }: { rows: ClassScores[] }) {
  return (
    <ClassTable rows={rows} columns={COLUMNS} imagesOf={(row) => row.support} minWidth={430} />
  );
}
