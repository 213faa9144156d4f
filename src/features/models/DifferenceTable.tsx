// Figures of both sides, and their difference drawn as an interval around zero.
import { Table, Text } from '@mantine/core';
import type { FigureCompared } from '@/client/records';
import { formatDifference, formatScore } from '@/lib/format';
import classes from './DifferenceTable.module.css';

export function DifferenceTable({ label, rows }: { label: string; rows: FigureCompared[] }) {
  const reach = Math.max(
    0.01,
    ...rows.flatMap(({ low, high }) => [Math.abs(low ?? 0), Math.abs(high ?? 0)]),
  );
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table aria-label={label} verticalSpacing="xs" horizontalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Figure</Table.Th>
            <Table.Th ta="right">A</Table.Th>
            <Table.Th ta="right">B</Table.Th>
            <Table.Th ta="right">A − B</Table.Th>
            <Table.Th ta="right">95 % interval</Table.Th>
            <Table.Th className={classes.drawn}>
              <span className={classes.ends}>
                <span>B better</span>
                <span>A better</span>
              </span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row key={row.figure} row={row} reach={reach} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ row, reach }: { row: FigureCompared; reach: number }) {
  const { figure, a, b, difference, low, high, shown } = row;
  const known = low !== null && high !== null && difference !== null;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={560}>
        {figure}
      </Table.Th>
      <Table.Td ta="right">
        <Mean side={a} />
      </Table.Td>
      <Table.Td ta="right">
        <Mean side={b} />
      </Table.Td>
      <Table.Td ta="right" fw={shown ? 620 : undefined}>
        {formatDifference(difference)}
      </Table.Td>
      <Table.Td ta="right" className={classes.interval}>
        {known && `${formatDifference(low)} to ${formatDifference(high)}`}
      </Table.Td>
      <Table.Td className={classes.drawn} aria-hidden>
        {known && (
          <div className={classes.track}>
            <div
              className={classes.range}
              data-shown={shown || undefined}
              style={{ left: place(low, reach), right: `calc(100% - ${place(high, reach)})` }}
            />
            <div
              className={classes.point}
              data-shown={shown || undefined}
              style={{ left: place(difference, reach) }}
            />
          </div>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Mean({ side }: { side: FigureCompared['a'] }) {
  return (
    <>
      {formatScore(side.mean)}
      {side.spread !== null && (
        <Text span size="xs" c="dimmed" display="block">
          ± {formatScore(side.spread)}
        </Text>
      )}
    </>
  );
}

function place(value: number, reach: number): string {
  return `${(50 + (45 * value) / reach).toFixed(2)}%`;
}
