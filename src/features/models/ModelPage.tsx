// One model: what must be read first, its test, what it was made with, its files, and a trial.
import { Alert, Grid, Stack, Text } from '@mantine/core';
import { IconInfoCircle, IconPhotoScan, IconScale, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { answerOf, client } from '@/client/client';
import { modelQuery, modelsQuery } from '@/client/queries';
import type { ModelReport } from '@/client/records';
import { AskOnce } from '@/components/AskOnce';
import { Curves } from '@/components/curves/Curves';
import { LinkButton, LinkText } from '@/components/links';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { SampleBadge } from '@/components/SampleBadge';
import { SettingsList } from '@/components/SettingsList';
import { Loaded } from '@/components/states';
import { WeightsSentence } from '@/components/WeightsSentence';
import { formatDateTime } from '@/lib/format';
import { saysRandom } from '@/lib/weights';
import { CalibrationPanel } from './CalibrationPanel';
import { ClassEvidenceTable } from './ClassEvidenceTable';
import { ConfusionTable } from './ConfusionTable';
import { Downloads } from './Downloads';
import { evidenceOf, type Evidence } from './evidence';
import { HeadlinePanel } from './HeadlinePanel';
import { OperatingPointPanel } from './OperatingPointPanel';
import { PerClassTable } from './PerClassTable';
import { reportOf, type Report } from './report';
import { ReportPanel } from './ReportPanel';
import { SplitPanel } from './SplitPanel';
import { SubgroupsPanel } from './SubgroupsPanel';

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
            {model.dataset_version != null &&
              `, on version ${String(model.dataset_version)} of the dataset`}
          </span>
        )
      }
      actions={
        model && (
          <>
            <LinkButton
              to="/predict"
              search={{ model: name }}
              leftSection={<IconPhotoScan size={18} aria-hidden />}
            >
              Ask about images
            </LinkButton>
            {model.report && (
              <LinkButton
                to="/compare"
                search={{ a: [name] }}
                variant="default"
                leftSection={<IconScale size={18} aria-hidden />}
              >
                Compare
              </LinkButton>
            )}
            <Delete name={name} />
          </>
        )
      }
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
  const evidence = evidenceOf(model);
  const groups = evidence?.subgroups ?? [];
  const loud = model.is_sample || saysRandom(model.first_line);
  return (
    <Stack gap="lg">
      <Alert color={loud ? 'orange' : 'petrol'} icon={<IconInfoCircle aria-hidden />} role="note">
        <Text fw={560}>{model.first_line}</Text>
      </Alert>
      <HeadlinePanel model={model} report={report} evidence={evidence} />
      <Grid gap="lg">
        {report.confusion && (
          <Grid.Col span={{ base: 12, lg: evidence ? 7 : 12 }}>
            <Panel title="Confusion matrix">
              <ConfusionTable matrix={report.confusion} />
            </Panel>
          </Grid.Col>
        )}
        {evidence && (
          <Grid.Col span={{ base: 12, lg: report.confusion ? 5 : 12 }}>
            <OperatingPointPanel point={evidence.operatingPoint} samples={model.test_images} />
          </Grid.Col>
        )}
      </Grid>
      <ByClass report={report} evidence={evidence} />
      <Grid gap="lg">
        {groups.length > 0 && (
          <Grid.Col span={{ base: 12, lg: 7 }}>
            <SubgroupsPanel groups={groups} />
          </Grid.Col>
        )}
        <Grid.Col span={{ base: 12, lg: groups.length > 0 ? 5 : 12 }}>
          <Stack gap="lg">
            {evidence && <CalibrationPanel calibration={evidence.calibration} />}
            <Downloads files={model.files} />
            <SplitPanel report={report} />
          </Stack>
        </Grid.Col>
      </Grid>
      {model.report_url ? <ReportPanel url={model.report_url} model={model.name} /> : <NoReport />}
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

function ByClass({ report, evidence }: { report: Report; evidence: Evidence | null }) {
  const rows = evidence?.perClass ?? [];
  if (rows.length === 0 && report.perClass.length === 0) return null;
  return (
    <Panel title="By class">
      {rows.length > 0 ? (
        <ClassEvidenceTable rows={rows} />
      ) : (
        <PerClassTable rows={report.perClass} />
      )}
    </Panel>
  );
}

function NoReport() {
  return (
    <Panel title="The whole report">
      <Text c="dimmed">
        This model has no report: it was trained before there were any. Its figures stand without
        intervals, and it cannot be compared. Training it again with the same settings gives one.
      </Text>
    </Panel>
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
