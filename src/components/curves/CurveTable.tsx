// The curves as numbers, for those who cannot see them or want the figures; newest epoch first.
import { Table } from '@mantine/core';
import type { EpochPoint } from '@/client/records';
import { formatDuration, formatLoss, formatRate, formatShare } from '@/lib/format';
import classes from './Curves.module.css';

const COLUMNS: [string, (point: EpochPoint) => string][] = [
  ['Loss, training', (point) => formatLoss(point.loss)],
  ['Loss, validation', (point) => formatLoss(point.val_loss)],
  ['Accuracy, training', (point) => formatShare(point.accuracy)],
  ['Accuracy, validation', (point) => formatShare(point.val_accuracy)],
  ['Balanced, validation', (point) => formatShare(point.val_balanced_accuracy)],
  ['Learning rate', (point) => formatRate(point.learning_rate)],
  ['Time', (point) => formatDuration(point.seconds)],
];

export function CurveTable({ history }: { history: EpochPoint[] }) {
  return (
    <details className={classes.table}>
      <summary>The same as a table</summary>
      <Table.ScrollContainer minWidth={760} mah={420}>
        <Table verticalSpacing={6} aria-label="Figures by epoch, newest first">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Epoch</Table.Th>
              <Table.Th>Phase</Table.Th>
              {COLUMNS.map(([name]) => (
                <Table.Th key={name} ta="right">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {history.toReversed().map((point) => (
              <Table.Tr key={point.epoch}>
                <Table.Th scope="row" fw={500}>
                  {point.epoch}
                  {point.best && ' (best so far)'}
                </Table.Th>
                <Table.Td>{point.phase}</Table.Td>
                {COLUMNS.map(([name, textOf]) => (
                  <Table.Td key={name} ta="right">
                    {textOf(point)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </details>
  );
}
