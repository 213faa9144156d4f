// How far the probabilities can be taken at their word.
import { Text } from '@mantine/core';
import { Figures } from '@/components/Figures';
import { Panel } from '@/components/Panel';
import { formatScore } from '@/lib/format';
import type { Calibration } from './evidence';

export function CalibrationPanel({ calibration }: { calibration: Calibration | null }) {
  if (calibration === null) return null;
  const { before, after, temperature, correction } = calibration;
  return (
    <Panel title="Calibration">
      <Figures
        figures={[
          { name: 'Error as it answers', value: formatScore(before?.value) },
          { name: 'Calibrated', value: formatScore(after?.value) },
          { name: 'Temperature', value: formatScore(temperature) },
          { name: 'Correction', value: formatScore(correction) },
        ]}
      />
      <Text size="sm" c="dimmed" mt="md">
        Expected calibration error: how far the probability of an answer is from the share of such
        answers that are right, on average. The temperature says how much surer the network was than
        it may be, the correction how far it leant towards common classes. Both were fitted on
        validation.
      </Text>
    </Panel>
  );
}
