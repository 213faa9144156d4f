// Imports that are under way on the server, whoever is looking, and those that failed.
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { datasetsQuery, importsQuery, uploadsQuery } from '@/client/queries';
import type { ImportListed } from '@/client/records';
import { Refusal } from '@/client/refusal';
import { AskOnce } from '@/components/AskOnce';
import { Panel } from '@/components/Panel';
import { Refused } from '@/components/states';
import { formatDateTime } from '@/lib/format';
import {
  beginImport,
  cancelImport,
  dismissImport,
  isShown,
  isUnderWay,
  stepPercent,
  stepWords,
} from './imports';
import { discard, upload, useUpload } from './upload';
import classes from './UnfinishedUploads.module.css';

export function ImportsPanel() {
  useUpload();
  const { data: imports = [] } = useQuery(importsQuery);
  useFreshDatasets(imports);
  const shown = imports.filter((each) => isShown(each) && each.upload_id !== upload.current());
  if (shown.length === 0) return null;
  return (
    <Panel title="Imports">
      <Stack component="ul" gap="md" className={classes.list}>
        {shown.map((each) => (
          <li key={each.id}>
            <Stack gap="xs">
              <Text fw={560} style={{ overflowWrap: 'anywhere' }}>
                {each.dataset_name}
              </Text>
              {isUnderWay(each) ? <UnderWay running={each} size="md" /> : <Failed failed={each} />}
            </Stack>
          </li>
        ))}
      </Stack>
    </Panel>
  );
}

/** How far an import is, and the way to end it. */
export function UnderWay({ running, size }: { running: ImportListed; size: 'md' | 'lg' }) {
  const { id, dataset_name: name, progress } = running;
  const refresh = useRefresh();
  const percent = stepPercent(progress);
  const isWaiting = running.state === 'waiting';
  return (
    <Stack gap="xs">
      <Progress
        value={isWaiting ? 0 : (percent ?? 100)}
        size={size}
        animated={!isWaiting && percent === null}
        aria-label={`Import of ${name}`}
      />
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed" className="figures">
          {words(running)}
        </Text>
        <AskOnce
          label="Cancel"
          size="compact-md"
          aria-label={`Cancel the import of ${name}`}
          question={`Cancel the import of ${name}?`}
          explanation="Nothing is added to the dataset. What was uploaded stays, and can be imported again or discarded."
          confirm="Cancel the import"
          keep="Keep it"
          onConfirm={async () => {
            await cancelImport(id);
            await refresh();
          }}
        />
      </Group>
    </Stack>
  );
}

function words({ state, cancel_requested: ending, progress }: ImportListed): string {
  if (ending) return 'Being cancelled…';
  if (state === 'waiting') return 'Waiting for another import to end';
  return stepWords(progress);
}

function Failed({ failed }: { failed: ImportListed }) {
  const { id, upload_id: uploadId, dataset_name: name, refusal, ended_at: ended } = failed;
  const refresh = useRefresh();
  return (
    <>
      {refusal && (
        <Refused
          error={new Refusal(refusal, 409)}
          title={`Nothing was added${ended === null ? '' : ` (${formatDateTime(ended)})`}`}
        />
      )}
      <Group gap="xs">
        <Button
          variant="default"
          aria-label={`Import ${name} again`}
          onClick={() => void beginImport(uploadId).finally(refresh)}
        >
          Try again
        </Button>
        <AskOnce
          label="Discard"
          question={`Discard the upload of ${name}?`}
          explanation="What was uploaded is thrown away. The dataset itself is not touched."
          confirm="Discard upload"
          onConfirm={async () => {
            await discardIfThere(uploadId);
            await dismissImport(id);
            await refresh();
          }}
        />
      </Group>
    </>
  );
}

/** An upload whose time is over is gone already, which is what was wanted. */
async function discardIfThere(uploadId: string) {
  try {
    await discard(uploadId);
  } catch (error) {
    if (!(error instanceof Refusal && [404, 410].includes(error.status))) throw error;
  }
}

function useRefresh() {
  const queryClient = useQueryClient();
  return async () => {
    await queryClient.invalidateQueries({ queryKey: importsQuery.queryKey });
    await queryClient.invalidateQueries({ queryKey: uploadsQuery.queryKey });
  };
}

/** When an import ends, the list of datasets and that of unfinished uploads have changed. */
function useFreshDatasets(imports: ImportListed[]) {
  const queryClient = useQueryClient();
  const underWay = imports.filter(isUnderWay).length;
  const before = useRef(underWay);
  useEffect(() => {
    if (underWay < before.current) {
      void queryClient.invalidateQueries({ queryKey: datasetsQuery.queryKey });
      void queryClient.invalidateQueries({ queryKey: uploadsQuery.queryKey });
    }
    before.current = underWay;
  }, [underWay, queryClient]);
}
