// Which image sizes occur, most common first.
import { Stack, Text } from '@mantine/core';
import type { SizeCount } from '@/client/records';
import { Bar } from '@/components/Bar';
import { Panel } from '@/components/Panel';
import { formatCount, formatNumberOf } from '@/lib/format';
import { useShowImages } from './facts/showImages';

const SHOWN = 8;

export function ImageSizes({ sizes, total }: { sizes: SizeCount[]; total: number }) {
  const showImages = useShowImages();
  const shown = sizes.slice(0, SHOWN);
  const rest = total - shown.reduce((sum, size) => sum + size.images, 0);
  return (
    <Panel title="Image sizes">
      {sizes.length === 0 && <Text c="dimmed">There are no readable images.</Text>}
      <Stack gap="md">
        {shown.map(({ width, height, images }) => (
          <Bar
            key={`${width}x${height}`}
            label={`${width} × ${height} pixels`}
            share={images / Math.max(1, total)}
            figure={formatCount(images)}
            onOpen={() =>
              showImages({
                title: `${width} × ${height} pixels`,
                note: formatNumberOf(images, 'image'),
                asked: { width, height },
              })
            }
          />
        ))}
        {rest > 0 && (
          <Text size="sm" c="dimmed">
            {formatCount(rest)} of other sizes
          </Text>
        )}
      </Stack>
    </Panel>
  );
}
