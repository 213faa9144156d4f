// Loss and accuracy by epoch: two charts with their latest figures, and the same as a table.
import { Box, Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useCallback, useState } from 'react';
import type { EpochPoint } from '@/client/records';
import { ACCURACY, LOSS, type Chart } from './curves';
import { CurveTable } from './CurveTable';
import classes from './Curves.module.css';

// uPlot is only fetched where there is something to draw.
const Plot = lazy(() => import('./Plot'));

export function Curves({ history, epochs }: { history: EpochPoint[]; epochs: number }) {
  if (history.length === 0) {
    return <Text c="dimmed">The curves begin with the end of the first epoch.</Text>;
  }
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <CurveChart chart={LOSS} history={history} epochs={epochs} />
        <CurveChart chart={ACCURACY} history={history} epochs={epochs} />
      </SimpleGrid>
      <CurveTable history={history} />
    </Stack>
  );
}

interface CurveChartProps {
  chart: Chart;
  history: EpochPoint[];
  epochs: number;
}

function CurveChart({ chart, history, epochs }: CurveChartProps) {
  const [at, setAt] = useState<number | null>(null);
  const onPoint = useCallback((index: number | null) => setAt(index), []);
  const point = (at === null ? undefined : history[at]) ?? history.at(-1);
  return (
    <Box component="figure" m={0} miw={0}>
      <Group component="figcaption" justify="space-between" gap={4} mb="xs" align="baseline">
        <Text fw={620}>{chart.title}</Text>
        <Text size="sm" c="dimmed" className="figures">
          epoch {point?.epoch}
        </Text>
      </Group>
      <Suspense fallback={<Skeleton height={260} />}>
        <Plot chart={chart} history={history} epochs={epochs} onPoint={onPoint} />
      </Suspense>
      <Group gap="lg" mt="xs">
        {chart.lines.map((line) => (
          <Group key={line.name} gap={7} wrap="nowrap">
            <span
              className={classes.swatch}
              data-dashed={line.dashed ?? undefined}
              style={{ color: `var(${line.colour})` }}
              aria-hidden
            />
            <Text size="sm">
              {line.name}{' '}
              <Text span size="sm" fw={600} className="figures">
                {point && chart.format(line.valueOf(point))}
              </Text>
            </Text>
          </Group>
        ))}
      </Group>
    </Box>
  );
}
