// The figures of each class against all others.
import { Table, Text } from '@mantine/core';
import { formatCount, formatScore } from '@/lib/format';
import type { ClassScores } from './report';

const COLUMNS: [string, (row: ClassScores, others: number) => string][] = [
  ['Images', (row) => formatCount(row.support)],
  ['Sensitivity', (row) => formatScore(row.recall, row.support)],
  ['Specificity', (row, others) => formatScore(row.specificity, others)],
  ['Precision', (row) => formatScore(row.precision, row.support)],
  ['F1', (row) => formatScore(row.f1, row.support)],
  ['AUC', (row) => formatScore(row.auc, row.support)],
];

export function PerClassTable({ rows }: { rows: ClassScores[] }) {
  const total = rows.reduce((sum, row) => sum + row.support, 0);
  return (
    <>
      <Table.ScrollContainer minWidth={430}>
        <Table verticalSpacing="xs" horizontalSpacing={6} aria-label="Figures of each class">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Class</Table.Th>
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
                {COLUMNS.map(([name, textOf]) => (
                  <Table.Td key={name} ta="right">
                    {textOf(row, total - row.support)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed" mt="sm">
        Sensitivity: of the images of this class, the share that was found. Precision: of the images
        called this class, the share that is.
      </Text>
    </>
  );
}
