// Ending a run: early, with its best epoch kept, or at once, with nothing kept.
import { IconFlag, IconPlayerStop } from '@tabler/icons-react';
import type { JobDetail } from '@/client/records';
import { AskOnce } from '@/components/AskOnce';
import { choiceOf, useAsking } from './asking';

export function JobActions({ job }: { job: JobDetail }) {
  return (
    <>
      {job.status === 'running' && !job.cancel_requested && <StopEarly job={job} />}
      <Cancel job={job} />
    </>
  );
}

function StopEarly({ job }: { job: JobDetail }) {
  const { ask } = useAsking(job.job_id);
  return (
    <AskOnce
      label={job.stop_requested ? 'Stopping early…' : 'Stop early'}
      disabled={job.stop_requested}
      leftSection={<IconFlag size={18} aria-hidden />}
      question="Stop early and keep the best?"
      explanation={choiceOf(job, 'stop')?.sentence}
      confirm="Stop and keep the best"
      confirmColour="petrol"
      keep="Let it go on"
      onConfirm={() => ask('stop')}
    />
  );
}

function Cancel({ job }: { job: JobDetail }) {
  const { ask } = useAsking(job.job_id);
  return (
    <AskOnce
      label={job.cancel_requested ? 'Cancelling…' : 'Cancel'}
      disabled={job.cancel_requested}
      leftSection={<IconPlayerStop size={18} aria-hidden />}
      question="Cancel this training?"
      explanation={choiceOf(job, 'cancel')?.sentence}
      confirm="Cancel training"
      keep="Let it go on"
      onConfirm={() => ask('cancel')}
    />
  );
}
