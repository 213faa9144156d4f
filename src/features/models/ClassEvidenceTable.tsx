// The figures of each class against all others, with their intervals.
import { Table, Text } from '@mantine/core';
import { formatCount, formatNumberOf } from '@/lib/format';
import type { ClassEvidence } from './evidence';
import { Figured } from './Figured';

const COLUMNS: [name: string, figure: string][] = [
  ['Sensitivity', 'sensitivity'],
  ['Specificity', 'specificity'],
  ['Precision', 'precision'],
  ['F1', 'f1'],
  ['AUC', 'auc'],
];

export function ClassEvidenceTable({ rows }: { rows: ClassEvidence[] }) {
  const total = rows.reduce((sum, row) => sum + row.images, 0);
  return (
    <>
      <Table.ScrollContainer minWidth={520}>
        <Table verticalSpacing="xs" horizontalSpacing={6} aria-label="Figures of each class">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Class</Table.Th>
              <Table.Th ta="right">Images</Table.Th>
              {COLUMNS.map(([name]) => (
                <Table.Th key={name} ta="right">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.label}>
                <Table.Th scope="row" fw={560}>
                  {row.label}
                </Table.Th>
                <Table.Td ta="right">
                  {formatCount(row.images)}
                  {row.lesions !== null && (
                    <Text size="xs" c="dimmed">
                      {formatNumberOf(row.lesions, 'lesion')}
                    </Text>
                  )}
                </Table.Td>
                {COLUMNS.map(([name, figure]) => (
                  <Table.Td key={name} ta="right">
                    <Figured
                      estimate={row.figures[figure]}
                      samples={figure === 'specificity' ? total - row.images : row.images}
                    />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed" mt="sm">
        Below each figure is its 95 % interval: how far it would move if other lesions of the same
        kind had been tested. Sensitivity: of the images of this class, the share that was found.
        Precision: of the images called this class, the share that is.
      </Text>
    </>
  );
}
