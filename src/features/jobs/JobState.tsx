// How far a run is, or how it ended.
import { Alert, Box, Group, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconArrowRight, IconCheck, IconX } from '@tabler/icons-react';
import type { JobDetail } from '@/client/records';
import { LinkButton } from '@/components/links';
import { Panel } from '@/components/Panel';
import { WeightsSentence } from '@/components/WeightsSentence';
import { formatDateTime, formatDuration, formatTimeLeft } from '@/lib/format';
import { PriorityChoice } from './PriorityChoice';
import { TakeUpAgain } from './TakeUpAgain';
import { isOver } from './words';

export function JobState({ job }: { job: JobDetail }) {
  return (
    <Panel>
      <Stack>
        {isOver(job.status) ? <Ending job={job} /> : <UnderWay job={job} />}
        <Times job={job} />
        {job.weights_sentence && <WeightsSentence sentence={job.weights_sentence} />}
      </Stack>
    </Panel>
  );
}

function UnderWay({ job }: { job: JobDetail }) {
  const left = job.status === 'running' ? formatTimeLeft(job.seconds_left) : null;
  return (
    <div>
      <Group justify="space-between" align="baseline" mb="xs">
        <Text size="xl" fw={620} className="figures">
          {job.message}
        </Text>
        <Text c="dimmed" className="figures">
          {left}
        </Text>
      </Group>
      <Group gap="md" wrap="nowrap">
        <Progress
          value={job.progress}
          size="lg"
          flex={1}
          aria-label="Progress of the training"
          transitionDuration={400}
        />
        <Text fw={600} className="figures" miw={46} ta="right">
          {job.progress} %
        </Text>
      </Group>
      <div role="status" aria-live="polite" className="visually-hidden">
        {job.message}
      </div>
      {job.status === 'running' && job.stop_requested && (
        <Text size="sm" mt="xs">
          {job.stopped_after == null
            ? 'Asked to stop early: it goes on to the test as soon as it can.'
            : `Stopped early after epoch ${job.stopped_after}: the best epoch is tested and saved.`}
        </Text>
      )}
      {job.status === 'queued' && (
        <Box mt="md">
          <PriorityChoice job={job} />
        </Box>
      )}
    </div>
  );
}

function Ending({ job }: { job: JobDetail }) {
  if (job.status === 'completed') {
    return (
      <Alert
        color="petrol"
        icon={<IconCheck aria-hidden />}
        title="The model is trained"
        role="status"
      >
        <Stack align="flex-start" gap="sm">
          {job.stopped_after != null && job.message}
          {job.model_name && (
            <LinkButton
              to="/models/$name"
              params={{ name: job.model_name }}
              rightSection={<IconArrowRight size={18} aria-hidden />}
            >
              See the model and its test
            </LinkButton>
          )}
        </Stack>
      </Alert>
    );
  }
  const failed = job.status === 'failed';
  return (
    <Alert
      color={failed ? 'red' : 'gray'}
      icon={failed ? <IconAlertTriangle aria-hidden /> : <IconX aria-hidden />}
      title={failed ? 'The training failed' : 'The training was cancelled'}
      role="status"
      style={{ overflowWrap: 'anywhere' }}
    >
      <Stack align="flex-start" gap="sm">
        {job.message}
        <TakeUpAgain job={job} />
        <LinkButton to="/train" search={{ dataset: job.dataset_name }} variant="default">
          Start another one
        </LinkButton>
      </Stack>
    </Alert>
  );
}

function Times({ job }: { job: JobDetail }) {
  const parts = [`Asked for ${formatDateTime(job.created_at)}`];
  if (job.started_at) parts.push(`started ${formatDateTime(job.started_at)}`);
  if (job.completed_at) parts.push(`ended ${formatDateTime(job.completed_at)}`);
  if (job.started_at && job.completed_at) {
    const seconds = (Date.parse(job.completed_at) - Date.parse(job.started_at)) / 1000;
    parts.push(`took ${formatDuration(seconds)}`);
  }
  if (job.attempt > 1) parts.push(`attempt ${job.attempt}`);
  if (job.device) parts.push(`on ${job.device}`);
  return (
    <Text size="sm" c="dimmed" className="figures">
      {parts.join(', ')}
    </Text>
  );
}
