// Which class was taken for which: counts, with their share of the true class as shade and figure.
import { Text } from '@mantine/core';
import { formatCount } from '@/lib/format';
import type { ConfusionMatrix } from './report';
import classes from './ConfusionTable.module.css';

export function ConfusionTable({ matrix }: { matrix: ConfusionMatrix }) {
  const { labels, counts } = matrix;
  return (
    <>
      <div
        className={classes.scroll}
        tabIndex={0}
        role="group"
        aria-label="Confusion matrix, scrolls"
      >
        <table className={classes.matrix} style={{ '--classes': labels.length }}>
          <caption className="visually-hidden">
            Rows are the true class, columns the class that the model answered.
          </caption>
          <thead>
            <tr>
              <th className={classes.corner}>
                <span>true ↓ / answered →</span>
              </th>
              {labels.map((label) => (
                <th key={label} scope="col" className={classes.column}>
                  <span title={label}>{label}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, index) => (
              <MatrixRow key={labels[index]} label={labels[index] ?? ''} row={row} own={index} />
            ))}
          </tbody>
        </table>
      </div>
      <Text size="sm" c="dimmed" mt="sm">
        Each row is one true class, each column what the model answered; the percentages of a row
        add up to 100. The framed diagonal is what was right.
      </Text>
    </>
  );
}

function MatrixRow({ label, row, own }: { label: string; row: number[]; own: number }) {
  const total = row.reduce((sum, count) => sum + count, 0);
  return (
    <tr>
      <th scope="row" className={classes.row}>
        <span title={label}>{label}</span>
      </th>
      {row.map((count, column) => {
        const share = total > 0 ? count / total : 0;
        return (
          <td
            key={column}
            className={classes.cell}
            data-right={column === own || undefined}
            style={{ '--share': share }}
          >
            <span className={classes.count}>{formatCount(count)}</span>
            <span className={classes.share}>{count > 0 ? `${Math.round(share * 100)} %` : ''}</span>
          </td>
        );
      })}
    </tr>
  );
}
