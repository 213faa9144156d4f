// The queue: what runs, what waits, what is over.
import { Group, Progress, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconTimeline } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { jobsQuery } from '@/client/queries';
import type { JobDetail } from '@/client/records';
import { LinkButton } from '@/components/links';
import { Page } from '@/components/Page';
import { Empty, Loaded } from '@/components/states';
import { formatDateTime, formatTimeLeft } from '@/lib/format';
import { StatusBadge } from './StatusBadge';
import { isOver } from './words';
import classes from './JobsPage.module.css';

const route = getRouteApi('/jobs');

export function JobsPage() {
  const query = useQuery(jobsQuery);
  return (
    <Page
      title="Jobs"
      lead="Every training run, newest first. Runs that wait start by themselves, in order."
      actions={
        <LinkButton to="/train" leftSection={<IconPlayerPlay size={18} aria-hidden />}>
          Start Training
        </LinkButton>
      }
    >
      <Loaded query={query} label="Reading the jobs">
        {(jobs) => (jobs.length === 0 ? <NoJobs /> : <JobList jobs={jobs} />)}
      </Loaded>
    </Page>
  );
}

function NoJobs() {
  return (
    <Empty icon={<IconTimeline size={28} aria-hidden />} title="No training runs yet">
      A run appears here as soon as you start one, and stays with its curves and its log.
    </Empty>
  );
}

function JobList({ jobs }: { jobs: JobDetail[] }) {
  const { show = 'all' } = route.useSearch();
  const navigate = route.useNavigate();
  const shown = jobs.filter((job) => show === 'all' || (show === 'over') === isOver(job.status));
  return (
    <Stack>
      <SegmentedControl
        aria-label="Which jobs to show"
        w="fit-content"
        value={show}
        data={[
          { value: 'all', label: 'All' },
          { value: 'open', label: 'Running and queued' },
          { value: 'over', label: 'Over' },
        ]}
        onChange={(value) =>
          void navigate({
            search: { show: value === 'open' || value === 'over' ? value : undefined },
            replace: true,
          })
        }
      />
      {shown.length === 0 ? (
        <Text c="dimmed">No job is of this kind.</Text>
      ) : (
        <ul className={classes.list}>
          {shown.map((job) => (
            <li key={job.job_id}>
              <JobRow job={job} />
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}

function JobRow({ job }: { job: JobDetail }) {
  const left = job.status === 'running' ? formatTimeLeft(job.seconds_left) : null;
  return (
    <Link to="/jobs/$id" params={{ id: job.job_id }} className={classes.row}>
      <div className={classes.what}>
        <Text fw={620} style={{ overflowWrap: 'anywhere' }}>
          {job.dataset_name}
        </Text>
        <Text size="sm" c="dimmed">
          {job.architecture}, {job.job_id}
        </Text>
      </div>
      <div className={classes.state}>
        {job.status === 'running' && (
          <Progress value={job.progress} mb={6} aria-label={`Progress of ${job.job_id}`} />
        )}
        <Text size="sm" lineClamp={2} className="figures">
          {job.queue_position != null && job.status === 'queued' ? queueWords(job) : job.message}
          {left && <Text span c="dimmed" size="sm">{`, ${left}`}</Text>}
        </Text>
      </div>
      <Group className={classes.end} gap="md" wrap="nowrap">
        <Text size="sm" c="dimmed" className={classes.when}>
          {formatDateTime(job.created_at)}
        </Text>
        <StatusBadge status={job.status} />
      </Group>
    </Link>
  );
}

function queueWords({ queue_position: position, priority }: JobDetail): string {
  const place = position === 1 ? 'Next to start' : `Number ${position} in the queue`;
  return priority === 'normal' ? place : `${place}, ${priority} priority`;
}
