// All datasets, and the place to add one.
import { Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconPhotoPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { datasetsQuery } from '@/client/queries';
import type { DatasetListed } from '@/client/records';
import { ClassStrip } from '@/components/ClassStrip';
import { Page } from '@/components/Page';
import { SampleBadge } from '@/components/SampleBadge';
import { Empty, Loaded } from '@/components/states';
import { formatDateTime, formatNumberOf } from '@/lib/format';
import { ImportsPanel } from './ImportsPanel';
import { DrawSampleSet } from './SampleSet';
import { UnfinishedUploads } from './UnfinishedUploads';
import { UploadDataset } from './UploadDataset';
import classes from './DatasetsPage.module.css';

export function DatasetsPage() {
  const query = useQuery(datasetsQuery);
  return (
    <Page
      title="Datasets"
      lead="A dataset is a set of lesion images with their diagnoses. Upload one, see what is in it, train on it."
    >
      <UploadDataset />
      <ImportsPanel />
      <UnfinishedUploads />
      <Loaded query={query} label="Reading the datasets">
        {(datasets) =>
          datasets.length === 0 ? <NoDatasets /> : <DatasetCards datasets={datasets} />
        }
      </Loaded>
    </Page>
  );
}

function NoDatasets() {
  return (
    <Empty
      icon={<IconPhotoPlus size={28} aria-hidden />}
      title="No datasets yet"
      actions={<DrawSampleSet />}
    >
      Upload your images above. To try the program without any, let it draw a sample set:
      lesion-like pictures of several classes. They are drawn, not photographed, and are for trying
      only.
    </Empty>
  );
}

function DatasetCards({ datasets }: { datasets: DatasetListed[] }) {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {formatNumberOf(datasets.length, 'dataset')}
      </Title>
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} component="ul" className={classes.cards}>
        {datasets.map((dataset) => (
          <li key={dataset.name}>
            <DatasetCard dataset={dataset} />
          </li>
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function DatasetCard({ dataset }: { dataset: DatasetListed }) {
  const { name, images, lesions, classes: counts } = dataset;
  return (
    <Link to="/datasets/$name" params={{ name }} className={classes.card}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <Text fw={620} size="lg" style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        {dataset.is_sample && <SampleBadge />}
      </Group>
      <Text size="sm" className="figures">
        {formatNumberOf(images, 'image')}
        {lesions !== null && ` of ${formatNumberOf(lesions, 'lesion')}`},{' '}
        {formatNumberOf(counts.length, 'class', 'classes')}
      </Text>
      <ClassStrip counts={counts} />
      <Group justify="space-between" mt="auto" gap="xs">
        <Text size="sm" c="dimmed">
          {formatDateTime(dataset.updated_at)}
        </Text>
        <Condition dataset={dataset} />
      </Group>
    </Link>
  );
}

function Condition({ dataset }: { dataset: DatasetListed }) {
  const { trainable, problem_count: problems } = dataset;
  if (dataset.being_read) {
    return (
      <Text size="sm" c="dimmed">
        Reading the images…
      </Text>
    );
  }
  if (trainable && problems === 0) return null;
  return (
    <Group gap={6} c="var(--warn-ink)" wrap="nowrap">
      <IconAlertTriangle size={16} aria-hidden />
      <Text size="sm">
        {trainable ? formatNumberOf(problems, 'problem') : 'Cannot be trained on yet'}
      </Text>
    </Group>
  );
}
