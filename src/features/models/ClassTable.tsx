// A row for each class and a column for each figure, with a note on how to read it.
import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export type Column<Row> = [name: string, cellOf: (row: Row, others: number) => ReactNode];

interface ClassTableProps<Row> {
  rows: Row[];
  /** Each cell is made from its row and the number of images of all other classes. */
  columns: Column<Row>[];
  imagesOf: (row: Row) => number;
  minWidth: number;
  children?: ReactNode;
}

export function ClassTable<Row extends { label: string }>(props: ClassTableProps<Row>) {
  const { rows, columns, imagesOf, minWidth, children } = props;
  const total = rows.reduce((sum, row) => sum + imagesOf(row), 0);
  return (
    <>
      <Table.ScrollContainer minWidth={minWidth}>
        <Table verticalSpacing="xs" horizontalSpacing={6} aria-label="Figures of each class">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Class</Table.Th>
              {columns.map(([name]) => (
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
                {columns.map(([name, cellOf]) => (
                  <Table.Td key={name} ta="right">
                    {cellOf(row, total - imagesOf(row))}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed" mt="sm">
        {children} Sensitivity: of the images of this class, the share that was found. Precision: of
        the images called this class, the share that is.
      </Text>
    </>
  );
}
