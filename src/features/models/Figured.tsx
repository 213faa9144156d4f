// A figure with its 95 % interval below it, in a cell of a table.
import { Text } from '@mantine/core';
import { formatScore, formatScoreRange, formatShare, formatShareRange } from '@/lib/format';
import type { Estimate } from './evidence';
import classes from './Figured.module.css';

interface FiguredProps {
  estimate: Estimate | null | undefined;
  /** How many images it was measured on. */
  samples?: number;
  /** As a percentage, not as a score. */
  share?: boolean;
}

export function Figured({ estimate, samples, share = false }: FiguredProps) {
  const value = share ? formatShare : formatScore;
  const range = share ? formatShareRange : formatScoreRange;
  const interval = range(estimate?.low, estimate?.high, samples);
  return (
    <span className={classes.figured}>
      <span>{value(estimate?.value, samples)}</span>
      {interval !== '' && (
        <Text span c="dimmed" className={classes.interval}>
          <span className="visually-hidden">95 % interval </span>
          {interval}
        </Text>
      )}
    </span>
  );
}
