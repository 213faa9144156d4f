// An upload on its way: how far, how fast, how long still; pause, go on, cancel.
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { AskOnce } from '@/components/AskOnce';
import { formatBytes, formatDateTime, formatTimeLeft } from '@/lib/format';
import { upload, type SendingState } from './upload';

export function SendingFiles({ state }: { state: SendingState }) {
  const percent = state.total > 0 ? (100 * state.sent) / state.total : 0;
  return (
    <Stack gap="sm">
      <Text fw={560}>
        {state.since === null
          ? `Uploading ${state.name}…`
          : `Going on with an upload of ${state.name} from ${formatDateTime(state.since)}…`}
      </Text>
      <Progress
        value={percent}
        size="lg"
        color={state.paused || state.waiting ? 'gray' : undefined}
        aria-label={`Upload of ${state.name}`}
        transitionDuration={150}
      />
      <Group justify="space-between">
        <Text size="sm" c="dimmed" className="figures">
          {formatBytes(state.sent)} of {formatBytes(state.total)}
          {paceWords(state)}
        </Text>
        <Group gap="xs">
          {state.paused ? (
            <Button size="compact-md" onClick={upload.goOn}>
              Go on
            </Button>
          ) : (
            <Button variant="default" size="compact-md" onClick={upload.pause}>
              Pause
            </Button>
          )}
          <AskOnce
            label="Cancel"
            size="compact-md"
            question={`Cancel the upload of ${state.name}?`}
            explanation="What has arrived is thrown away. To go on another day, pause it or close this page."
            confirm="Cancel the upload"
            keep="Keep it"
            onConfirm={upload.cancel}
          />
        </Group>
      </Group>
      <Text size="sm" c="dimmed" role="status">
        {state.waiting
          ? 'The connection is gone. What has arrived is kept, and the upload goes on by itself as soon as the server answers.'
          : 'You may close this page: what has arrived is kept, and choosing the same files again goes on from there.'}
      </Text>
    </Stack>
  );
}

function paceWords({ paused, waiting, speed, secondsLeft }: SendingState): string {
  if (paused) return ', paused';
  if (waiting) return ', waiting for the server';
  if (speed === null) return '';
  const left = formatTimeLeft(secondsLeft);
  return `, ${formatBytes(speed)}/s${left === null ? '' : `, ${left}`}`;
}

export function ReadingImages({ waiting }: { waiting: boolean }) {
  return (
    <Text size="sm" c="dimmed" role="status">
      {waiting
        ? 'Everything has arrived, but the server does not answer just now. It is asked again by itself.'
        : 'Everything has arrived. The server unpacks and checks every image now; you may close this page.'}
    </Text>
  );
}
