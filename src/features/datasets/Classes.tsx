// The classes of a dataset as bars, each with a few of its images.
import { Box, Stack, Text } from '@mantine/core';
import type { ClassCount, DatasetSummary } from '@/client/records';
import { Bar } from '@/components/Bar';
import { Panel } from '@/components/Panel';
import { formatNumberOf, formatShare } from '@/lib/format';
import { useShowImages } from './facts/showImages';
import classes from './Classes.module.css';

export function Classes({ dataset }: { dataset: DatasetSummary }) {
  const showImages = useShowImages();
  const most = Math.max(1, ...dataset.classes.map((each) => each.images));
  return (
    <Panel title="Classes">
      {dataset.classes.length === 0 ? (
        <Text c="dimmed">No image has a diagnosis yet.</Text>
      ) : (
        <Stack gap="xl" component="ul" className={classes.list}>
          {dataset.classes.map((each) => (
            <li key={each.label}>
              <Bar
                label={each.label}
                share={each.images / most}
                figure={figureOf(each, dataset)}
                strong
                onOpen={() =>
                  showImages({
                    title: each.label,
                    note: figureOf(each, dataset),
                    asked: { label: each.label },
                  })
                }
              />
              <Examples dataset={dataset.name} label={each.label} ids={each.example_image_ids} />
            </li>
          ))}
        </Stack>
      )}
    </Panel>
  );
}

function figureOf(each: ClassCount, dataset: DatasetSummary): string {
  const share = formatShare(each.images / Math.max(1, dataset.images));
  const lesions = dataset.lesions === null ? '' : `, ${formatNumberOf(each.lesions, 'lesion')}`;
  return `${formatNumberOf(each.images, 'image')} (${share})${lesions}`;
}

function Examples({ dataset, label, ids }: { dataset: string; label: string; ids: string[] }) {
  if (ids.length === 0) return null;
  return (
    <Box className={classes.examples}>
      {ids.map((id, index) => (
        <img
          key={id}
          className={classes.thumbnail}
          src={`/api/datasets/${encodeURIComponent(dataset)}/thumbnail?image_id=${encodeURIComponent(id)}`}
          alt={`Example ${index + 1} of ${label}: ${id}`}
          title={id}
          loading="lazy"
          decoding="async"
        />
      ))}
    </Box>
  );
}
