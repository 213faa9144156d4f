// Ask a trained model about images: one or many, dropped, chosen or pasted.
import { Button, Group, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconBrain, IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { modelsQuery } from '@/client/queries';
import type { ModelListed } from '@/client/records';
import { LinkButton, LinkText } from '@/components/links';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Loaded } from '@/components/states';
import { formatNumberOf, formatShare } from '@/lib/format';
import { AnswerCard } from './AnswerCard';
import { useAsking, type Asked } from './asking';
import { csvOf } from './csv';
import { DropImages } from './DropImages';

const route = getRouteApi('/predict');

export function PredictPage() {
  const query = useQuery(modelsQuery);
  return (
    <Page
      title="Predict"
      lead="Research software, not a medical device: what a model says here must not be used to diagnose or treat anybody. Images are looked at and forgotten."
    >
      <Loaded query={query} label="Reading the models">
        {(models) => (models.length === 0 ? <NoModels /> : <Asking models={models} />)}
      </Loaded>
    </Page>
  );
}

function NoModels() {
  return (
    <Empty
      icon={<IconBrain size={28} aria-hidden />}
      title="There is no model to ask yet"
      actions={<LinkButton to="/train">Start Training</LinkButton>}
    >
      A model can be asked about images as soon as its training is completed.
    </Empty>
  );
}

function Asking({ models }: { models: ModelListed[] }) {
  const { model: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const model = models.find(({ name }) => name === wanted) ?? models[0];
  if (model === undefined) return null;
  return (
    <Stack gap="lg">
      <Panel>
        <Stack>
          <Select
            label="Model"
            data={models.map(({ name }) => name)}
            value={model.name}
            allowDeselect={false}
            searchable={models.length > 8}
            maw={520}
            onChange={(name) =>
              void navigate({ search: { model: name ?? undefined }, replace: true })
            }
          />
          <Text size="sm" c="dimmed" className="figures">
            {model.architecture}, trained on {model.dataset_name}: balanced accuracy{' '}
            {formatShare(model.headline.balanced_accuracy, model.test_images)} on{' '}
            {formatNumberOf(model.test_images, 'image')} that it had never seen.{' '}
            <LinkText to="/models/$name" params={{ name: model.name }} underline="always">
              Its report
            </LinkText>
          </Text>
        </Stack>
      </Panel>
      {/* another model is asked anew: its answers are never shown beside those of the one before */}
      <Images key={model.name} model={model.name} />
    </Stack>
  );
}

function Images({ model }: { model: string }) {
  const { images, add, clear } = useAsking(model);
  const left = images.filter(({ state }) => state === 'waiting' || state === 'asking').length;
  const answered = images.filter(({ answer }) => answer !== null).length;
  return (
    <Stack gap="lg">
      <DropImages onImages={add} />
      {images.length > 0 && (
        <Group justify="space-between" gap="xs">
          <Text fw={560} className="figures" role="status">
            {formatNumberOf(answered, 'image')} answered{left > 0 && `, ${left} to go`}
          </Text>
          <Group gap="xs">
            <Button variant="subtle" onClick={clear} disabled={left > 0}>
              Clear
            </Button>
            <Button
              variant="default"
              leftSection={<IconDownload size={18} aria-hidden />}
              disabled={answered === 0 || left > 0}
              onClick={() => save(images, `${model}_predictions.csv`)}
            >
              Save as CSV
            </Button>
          </Group>
        </Group>
      )}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        {images.map((asked) => (
          <AnswerCard key={asked.id} asked={asked} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function save(images: Asked[], name: string) {
  const address = URL.createObjectURL(new Blob(['\uFEFF', csvOf(images)], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
