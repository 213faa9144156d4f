// The figures of each class against all others, with their intervals.
import { Text } from '@mantine/core';
import { formatCount, formatNumberOf } from '@/lib/format';
import { ClassTable, type Column } from './ClassTable';
import type { ClassEvidence } from './evidence';
import { Figured } from './Figured';

const COLUMNS: Column<ClassEvidence>[] = [
  ['Images', (row) => <Images row={row} />],
  [
    'Sensitivity',
    ({ images, figures }) => <Figured estimate={figures.sensitivity} samples={images} />,
  ],
  [
    'Specificity',
    ({ figures }, others) => <Figured estimate={figures.specificity} samples={others} />,
  ],
  ['Precision', ({ images, figures }) => <Figured estimate={figures.precision} samples={images} />],
  ['F1', ({ images, figures }) => <Figured estimate={figures.f1} samples={images} />],
  ['AUC', ({ images, figures }) => <Figured estimate={figures.auc} samples={images} />],
];

export function ClassEvidenceTable({ rows }: { rows: ClassEvidence[] }) {
  return (
    <ClassTable rows={rows} columns={COLUMNS} imagesOf={(row) => row.images} minWidth={520}>
      Below each figure is its 95 % interval: how far it would move if other lesions of the same
      kind had been tested.
    </ClassTable>
  );
}

function Images({ row }: { row: ClassEvidence }) {
  return (
    <>
      {formatCount(row.images)}
      {row.lesions !== null && (
        <Text size="xs" c="dimmed">
          {formatNumberOf(row.lesions, 'lesion')}
        </Text>
      )}
    </>
  );
}
