// One model: what must be read first, its test, what it was made with, its files, and a trial.
import { Alert, Grid, Stack, Table, Text } from '@mantine/core';
import { IconInfoCircle, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { answerOf, client } from '@/client/client';
import { modelQuery, modelsQuery } from '@/client/queries';
import type { ModelReport } from '@/client/records';
import { AskOnce } from '@/components/AskOnce';
import { Curves } from '@/components/curves/Curves';
import { Figures } from '@/components/Figures';
import { LinkText } from '@/components/links';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { SampleBadge } from '@/components/SampleBadge';
import { SettingsList } from '@/components/SettingsList';
import { Loaded } from '@/components/states';
import { WeightsSentence } from '@/components/WeightsSentence';
import { formatCount, formatDateTime, formatScore, formatShare, NONE } from '@/lib/format';
import { saysRandom } from '@/lib/weights';
import { ConfusionTable } from './ConfusionTable';
import { Downloads } from './Downloads';
import { PerClassTable } from './PerClassTable';
import { reportOf, type Report } from './report';
import { TryImage } from './TryImage';

const route = getRouteApi('/models/$name');

export function ModelPage() {
  const { name } = route.useParams();
  const query = useQuery(modelQuery(name));
  const model = query.data;
  return (
    <Page
      title={model ? `${model.architecture} on ${model.dataset_name}` : name}
      above={<LinkText to="/models">Models</LinkText>}
      beside={model?.is_sample && <SampleBadge />}
      lead={
        model && (
          <span style={{ overflowWrap: 'anywhere' }}>
            {name}, {formatDateTime(model.created_at)}
          </span>
        )
      }
      actions={model && <Delete name={name} />}
    >
      <Loaded query={query} label={`Reading ${name}`} lines={6}>
        {(known) => <Whole model={known} />}
      </Loaded>
    </Page>
  );
}

function Delete({ name }: { name: string }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const remove = async () => {
    await answerOf(client.DELETE('/api/models/{name}', { params: { path: { name } } }));
    await navigate({ to: '/models' });
    queryClient.removeQueries({ queryKey: modelQuery(name).queryKey });
    await queryClient.invalidateQueries({ queryKey: modelsQuery.queryKey, exact: true });
  };
  return (
    <AskOnce
      label="Delete"
      leftSection={<IconTrash size={18} aria-hidden />}
      question="Delete this model?"
      explanation={`${name} and all its files will be removed from the server for good. The dataset stays.`}
      confirm="Delete model"
      onConfirm={remove}
    />
  );
}

function Whole({ model }: { model: ModelReport }) {
  const report = reportOf(model);
  const loud = model.is_sample || saysRandom(model.first_line);
  return (
    <Stack gap="lg">
      <Alert color={loud ? 'orange' : 'petrol'} icon={<IconInfoCircle aria-hidden />} role="note">
        <Text fw={560}>{model.first_line}</Text>
      </Alert>
      <Headlines model={model} report={report} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="lg">
            {report.confusion && (
              <Panel title="Confusion matrix">
                <ConfusionTable matrix={report.confusion} />
              </Panel>
            )}
            {report.perClass.length > 0 && (
              <Panel title="By class">
                <PerClassTable rows={report.perClass} />
              </Panel>
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack gap="lg">
            <TryImage model={model.name} />
            <Downloads files={model.files} />
            <Split report={report} />
          </Stack>
        </Grid.Col>
      </Grid>
      {report.history.length > 0 && (
        <Panel title="How it learnt">
          <Curves
            history={report.history}
            epochs={Math.max(model.epochs, report.history.at(-1)?.epoch ?? 1)}
          />
        </Panel>
      )}
      <Settings model={model} report={report} />
    </Stack>
  );
}

function Settings({ model, report }: { model: ModelReport; report: Report }) {
  return (
    <Panel
      title="Settings"
      aside={
        model.job_id && (
          <LinkText to="/jobs/$id" params={{ id: model.job_id }} size="sm">
            The job
          </LinkText>
        )
      }
    >
      <SettingsList settings={report.settings} />
      <WeightsNote sentence={model.weights_sentence} />
    </Panel>
  );
}

function WeightsNote({ sentence }: { sentence: string }) {
  return (
    <div style={{ marginTop: 16 }}>
      <WeightsSentence sentence={sentence} />
    </div>
  );
}

function Headlines({ model, report }: { model: ModelReport; report: Report }) {
  const { test, baseline } = report;
  const samples = model.test_images;
  const share = (value: number | null) => formatShare(value, samples);
  const score = (value: number | null) => formatScore(value, samples);
  const note = (text: string) => `baseline ${text}`;
  return (
    <Panel title="Test">
      <Figures
        figures={[
          {
            name: 'Balanced accuracy',
            value: share(test.balancedAccuracy),
            note: note(share(baseline.balancedAccuracy)),
          },
          { name: 'Accuracy', value: share(test.accuracy), note: note(share(baseline.accuracy)) },
          { name: 'Macro F1', value: score(test.macroF1), note: note(score(baseline.macroF1)) },
          { name: 'Macro AUC', value: score(test.macroAuc), note: note(score(baseline.macroAuc)) },
        ]}
      />
      <Text size="sm" c="dimmed" mt="md">
        The baseline always answers{' '}
        {report.baselineAnswer === null
          ? 'the most common class'
          : `“${report.baselineAnswer}”, the most common class`}
        . A model is worth something as far as it is above it.
      </Text>
    </Panel>
  );
}

const GROUPS: Record<string, string> = { lesion: 'Lesions', patient: 'Patients' };

function Split({ report }: { report: Report }) {
  if (report.parts.length === 0) return null;
  const groups = report.groupedBy === null ? undefined : GROUPS[report.groupedBy];
  return (
    <Panel title="Split">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Part</Table.Th>
            <Table.Th ta="right">Images</Table.Th>
            {groups !== undefined && <Table.Th ta="right">{groups}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {report.parts.map(({ part, images, lesions }) => (
            <Table.Tr key={part}>
              <Table.Th scope="row" fw={500}>
                {part}
              </Table.Th>
              <Table.Td ta="right">{images === null ? NONE : formatCount(images)}</Table.Td>
              {groups !== undefined && (
                <Table.Td ta="right">{lesions === null ? NONE : formatCount(lesions)}</Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" mt="sm">
        {groups === undefined
          ? 'The data names no lesions, so every image counts as its own.'
          : `All images of one ${report.groupedBy ?? ''} are in the same part.`}
        {report.leftOut.length > 0 &&
          ` Left out, too small to split: ${report.leftOut.join(', ')}.`}
      </Text>
    </Panel>
  );
}
