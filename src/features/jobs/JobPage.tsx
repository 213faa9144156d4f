// One training run, live.
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { jobQuery } from '@/client/queries';
import type { JobDetail } from '@/client/records';
import { Curves } from '@/components/curves/Curves';
import { LinkText } from '@/components/links';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { SettingsList } from '@/components/SettingsList';
import { Loaded } from '@/components/states';
import { HistoryPanel } from './HistoryPanel';
import { JobActions } from './JobActions';
import { JobState } from './JobState';
import { LogPanel } from './LogPanel';
import { Notices } from './Notices';
import { StatusBadge } from './StatusBadge';
import { useJobStream } from './useJobStream';
import { isOver, settingsOf } from './words';

const route = getRouteApi('/jobs/$id');

export function JobPage() {
  const { id } = route.useParams();
  const query = useQuery(jobQuery(id));
  const job = query.data;
  useJobStream(id, job !== undefined && !isOver(job.status));
  return (
    <Page
      title={job ? `${job.architecture} on ${job.dataset_name}` : `Job ${id}`}
      tabTitle={job && tabTitle(job)}
      above={<LinkText to="/jobs">Jobs</LinkText>}
      beside={job && <StatusBadge status={job.status} />}
      lead={job && `Job ${id}`}
      actions={job && !isOver(job.status) && <JobActions job={job} />}
    >
      <Loaded query={query} label={`Reading job ${id}`} lines={6}>
        {(known) => (
          <Stack gap="lg">
            <JobState job={known} />
            <Notices job={known} />
            <Panel title="Curves">
              <Curves history={known.history ?? []} epochs={known.epochs} />
            </Panel>
            <LogPanel jobId={id} />
            <Panel title="Settings">
              <SettingsList settings={settingsOf(known.request)} />
            </Panel>
            <HistoryPanel job={known} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function tabTitle(job: JobDetail): string {
  const what = `${job.architecture} on ${job.dataset_name}`;
  return job.status === 'running' ? `${job.progress} % ${what}` : what;
}
