// One dataset: what is in it, what is wrong with it, whether it can be trained on.
import { Alert, Box, Grid, Loader, Stack } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCheck,
  IconPhoto,
  IconPlayerPlay,
  IconTrash,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useLocation, useNavigate } from '@tanstack/react-router';
import { answerOf, client } from '@/client/client';
import { datasetQuery, datasetsQuery } from '@/client/queries';
import type { DatasetSummary } from '@/client/records';
import { AskOnce } from '@/components/AskOnce';
import { Figures } from '@/components/Figures';
import { LinkButton, LinkText } from '@/components/links';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { SampleBadge } from '@/components/SampleBadge';
import { Loaded } from '@/components/states';
import { formatBytes, formatCount, formatDateTime, formatNumberOf, NONE } from '@/lib/format';
import { ChooseColumns } from './ChooseColumns';
import { Classes } from './Classes';
import { Facts } from './facts/Facts';
import { ImagesBehind } from './facts/ImagesBehind';
import { ImageSizes } from './ImageSizes';
import { Problems } from './Problems';
import { Recognised } from './Recognised';
import { Versions } from './versions/Versions';

const route = getRouteApi('/datasets/$name');

export function DatasetPage() {
  const { name } = route.useParams();
  const query = useQuery(datasetQuery(name));
  const dataset = query.data;
  return (
    <Page
      title={name}
      above={<LinkText to="/datasets">Datasets</LinkText>}
      beside={dataset?.is_sample && <SampleBadge />}
      lead={dataset && `Changed ${formatDateTime(dataset.updated_at)}`}
      actions={dataset && <Actions dataset={dataset} />}
    >
      <Loaded query={query} label={`Reading ${name}`} lines={6}>
        {(summary) => (
          <ImagesBehind dataset={summary}>
            <Summary dataset={summary} />
          </ImagesBehind>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ dataset }: { dataset: DatasetSummary }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { name } = dataset;
  const remove = async () => {
    await answerOf(client.DELETE('/api/datasets/{name}', { params: { path: { name } } }));
    await navigate({ to: '/datasets' });
    queryClient.removeQueries({ queryKey: datasetQuery(name).queryKey });
    await queryClient.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
  };
  return (
    <>
      <AskOnce
        label="Delete"
        leftSection={<IconTrash size={18} aria-hidden />}
        question={`Delete ${name}?`}
        explanation={`${formatNumberOf(dataset.images, 'image')} and their table will be removed from the server for good. Models that were trained on them stay.`}
        confirm="Delete dataset"
        onConfirm={remove}
      />
      {dataset.images > 0 && (
        <LinkButton
          to="/datasets/$name/images"
          params={{ name }}
          variant="default"
          leftSection={<IconPhoto size={18} aria-hidden />}
        >
          Look through the images
        </LinkButton>
      )}
      {dataset.trainable && (
        <LinkButton
          to="/train"
          search={{ dataset: name }}
          leftSection={<IconPlayerPlay size={18} aria-hidden />}
        >
          Train on this dataset
        </LinkButton>
      )}
    </>
  );
}

function Summary({ dataset }: { dataset: DatasetSummary }) {
  const uploaded = useLocation({ select: (location) => location.state.uploaded });
  return (
    <Stack gap="lg">
      {uploaded !== undefined && (
        <Alert color="petrol" icon={<IconCheck aria-hidden />} role="status">
          {uploaded}
        </Alert>
      )}
      <Trainable dataset={dataset} />
      {!dataset.being_read && !dataset.trainable && <ChooseColumns dataset={dataset} />}
      <Panel>
        <Figures
          figures={[
            { name: 'Images', value: formatCount(dataset.images) },
            {
              name: 'Lesions',
              value: dataset.lesions === null ? NONE : formatCount(dataset.lesions),
              note: dataset.lesions === null ? 'not named in the data' : undefined,
            },
            { name: 'Classes', value: formatCount(dataset.classes.length) },
            { name: 'Problems', value: formatCount(dataset.problem_count) },
            { name: 'On disk', value: formatBytes(dataset.bytes_on_disk) },
          ]}
        />
        <Box mt="md">
          <Recognised dataset={dataset} />
        </Box>
      </Panel>
      {!dataset.being_read && dataset.images > 0 && <Facts dataset={dataset} />}
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Classes dataset={dataset} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="lg">
            <ImageSizes sizes={dataset.image_sizes} total={dataset.images} />
            <Problems problems={dataset.problems} counts={dataset.problem_counts} />
          </Stack>
        </Grid.Col>
      </Grid>
      {dataset.trainable && <ChooseColumns dataset={dataset} />}
      {!dataset.being_read && dataset.images > 0 && <Versions dataset={dataset} />}
    </Stack>
  );
}

function Trainable({ dataset }: { dataset: DatasetSummary }) {
  if (dataset.being_read) {
    return (
      <Alert color="petrol" icon={<Loader size={18} aria-hidden />} role="status">
        The server is reading the images; the figures appear here when it is done.
      </Alert>
    );
  }
  if (dataset.trainable) return null;
  return (
    <Alert
      color="yellow"
      title="This dataset cannot be trained on yet"
      icon={<IconAlertTriangle aria-hidden />}
    >
      {dataset.not_trainable_because}
    </Alert>
  );
}
