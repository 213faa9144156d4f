// Where to put the threshold for malignant classes, and what that gave on the test part.
import { Text } from '@mantine/core';
import { Figures } from '@/components/Figures';
import { Panel } from '@/components/Panel';
import { formatScore, formatShare, formatShareRange } from '@/lib/format';
import type { Estimate, Evidence } from './evidence';

interface OperatingPointProps {
  point: Evidence['operatingPoint'];
  /** How many images it was tested on. */
  samples: number;
}

export function OperatingPointPanel({ point, samples }: OperatingPointProps) {
  if (point === null) return null;
  if (typeof point === 'string') {
    return (
      <Panel title="Not to miss a malignant lesion">
        <Text c="dimmed">{point}</Text>
      </Panel>
    );
  }
  return (
    <Panel title="Not to miss a malignant lesion">
      <Figures
        figures={[
          { name: 'Threshold', value: formatScore(point.threshold), note: 'chosen on validation' },
          { name: 'Sensitivity', ...shareOf(point.sensitivity, samples) },
          { name: 'Specificity', ...shareOf(point.specificity, samples) },
        ]}
      />
      <Text size="sm" c="dimmed" mt="md">
        Calling a lesion suspicious when{' '}
        {point.classes.length === 1
          ? `the probability of ${point.classes.join('')} is`
          : `the probabilities of ${point.classes.join(', ')} add up to`}{' '}
        the threshold or more. It was set on validation for a sensitivity of{' '}
        {formatShare(point.wanted, 1)}; the figures are what it gave on the test part.
      </Text>
    </Panel>
  );
}

function shareOf(estimate: Estimate | null, samples: number) {
  const interval = formatShareRange(estimate?.low, estimate?.high, samples);
  return {
    value: formatShare(estimate?.value, samples),
    note: interval === '' ? undefined : `95 %: ${interval}`,
  };
}
