// Uploads that were begun and are not part of a dataset yet: go on, or discard.
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { importsQuery, uploadsQuery } from '@/client/queries';
import type { UnfinishedUpload } from '@/client/records';
import { AskOnce } from '@/components/AskOnce';
import { Panel } from '@/components/Panel';
import { formatBytes, formatDateTime, formatNumberOf } from '@/lib/format';
import { isShown } from './imports';
import { discard, upload, useUpload, type Upload } from './upload';
import classes from './UnfinishedUploads.module.css';

export function UnfinishedUploads() {
  const state = useUpload();
  const { data: uploads = [] } = useQuery(uploadsQuery);
  const { data: imports = [] } = useQuery(importsQuery);
  const elsewhere = new Set(imports.filter(isShown).map(({ upload_id }) => upload_id));
  const shown = uploads.filter(({ id }) => id !== upload.current() && !elsewhere.has(id));
  if (shown.length === 0) return null;
  return (
    <Panel title="Unfinished uploads">
      <Stack component="ul" gap="md" className={classes.list}>
        {shown.map((each) => (
          <li key={each.id}>
            <Unfinished unfinished={each} busy={isBusy(state)} />
          </li>
        ))}
      </Stack>
    </Panel>
  );
}

/** One upload at a time is sent from this page. */
function isBusy({ phase }: Upload): boolean {
  return phase === 'sending' || phase === 'reading';
}

function Unfinished({ unfinished, busy }: { unfinished: UnfinishedUpload; busy: boolean }) {
  const { dataset_name: name, phase, files, bytes } = unfinished;
  const percent = bytes > 0 ? (100 * unfinished.bytes_arrived) / bytes : 100;
  return (
    <Group justify="space-between" gap="md">
      <Stack gap={4} className={classes.facts}>
        <Text fw={560} style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        <Progress value={percent} aria-label={`What has arrived of ${name}`} />
        <Text size="sm" c="dimmed" className="figures">
          {formatBytes(unfinished.bytes_arrived)} of {formatBytes(bytes)},{' '}
          {unfinished.files_arrived.toLocaleString('en-GB')} of {formatNumberOf(files, 'file')}.{' '}
          {phase === 'being_read'
            ? 'The images are being read.'
            : `Begun ${formatDateTime(unfinished.created_at)}, kept until ${formatDateTime(unfinished.expires_at)}.`}
        </Text>
      </Stack>
      {phase !== 'being_read' && (
        <Group gap="xs">
          <Button
            variant="default"
            disabled={busy}
            aria-label={`Go on with the upload of ${name}`}
            onClick={() => goOn(unfinished)}
          >
            Go on
          </Button>
          <Discard unfinished={unfinished} />
        </Group>
      )}
    </Group>
  );
}

function goOn(unfinished: UnfinishedUpload) {
  // when everything has arrived, no file is needed any more
  if (unfinished.phase === 'arrived') upload.start(unfinished.dataset_name, [], unfinished);
  else upload.choose(unfinished);
}

function Discard({ unfinished }: { unfinished: UnfinishedUpload }) {
  const queryClient = useQueryClient();
  const { id, dataset_name: name, bytes_arrived: arrived } = unfinished;
  return (
    <AskOnce
      label="Discard"
      question={`Discard the upload of ${name}?`}
      explanation={`${formatBytes(arrived)} that have arrived are thrown away. The dataset itself is not touched.`}
      confirm="Discard upload"
      onConfirm={async () => {
        await discard(id);
        await queryClient.invalidateQueries({ queryKey: uploadsQuery.queryKey });
      }}
    />
  );
}
