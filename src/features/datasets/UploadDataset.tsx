// The document's "Upload Dataset" section: drop, name, send, and see it through.
import { Button, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { datasetQuery, datasetsQuery } from '@/client/queries';
import { Refusal } from '@/client/refusal';
import { LinkText } from '@/components/links';
import { Panel } from '@/components/Panel';
import { Refused } from '@/components/states';
import { formatBytes, formatNumberOf, formatTimeLeft } from '@/lib/format';
import { DropArea } from './DropArea';
import { suggestedName, totalBytes, type PickedFile } from './pickedFiles';
import { uploadedWords } from './words';
import { upload, uploadSecondsLeft, useUpload, type Upload } from './upload';

export function UploadDataset() {
  const [picked, setPicked] = useState<PickedFile[]>([]);
  const [name, setName] = useState('');
  const state = useUpload();
  useOpenWhenDone(state);

  const pick = (files: PickedFile[]) => {
    if (state.phase === 'refused') upload.clear();
    setPicked(files);
    setName((typed) => typed || suggestedName(files));
  };

  return (
    <Panel title="Upload Dataset">
      {state.phase === 'sending' && <SendingFiles state={state} />}
      {state.phase === 'reading' && <ReadingImages name={state.name} />}
      {state.phase === 'done' && (
        <Text>
          {uploadedWords(state.result)}{' '}
          <LinkText to="/datasets/$name" params={{ name: state.result.dataset_name }}>
            See what is in {state.result.dataset_name}
          </LinkText>
        </Text>
      )}
      {(state.phase === 'idle' || state.phase === 'refused') && (
        <Stack>
          {picked.length === 0 ? (
            <DropArea onPick={pick} />
          ) : (
            <ChosenFiles
              picked={picked}
              name={name}
              refused={state.phase === 'refused' ? state.error : null}
              onName={setName}
              onForget={() => {
                upload.clear();
                setPicked([]);
                setName('');
              }}
            />
          )}
          {state.phase === 'refused' && <Refused error={state.error} title="Nothing was added" />}
        </Stack>
      )}
    </Panel>
  );
}

/** Opens the dataset's page when its upload ends while this section is looked at. */
function useOpenWhenDone(state: Upload) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const watched = useRef(false);
  useEffect(() => {
    if (state.phase === 'sending' || state.phase === 'reading') watched.current = true;
    if (state.phase !== 'done') return;
    const { result } = state;
    queryClient.setQueryData(datasetQuery(result.dataset_name).queryKey, result.summary);
    void queryClient.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
    if (!watched.current) return;
    upload.clear();
    void navigate({
      to: '/datasets/$name',
      params: { name: result.dataset_name },
      state: { uploaded: uploadedWords(result) },
    });
  }, [state, navigate, queryClient]);
}

interface ChosenFilesProps {
  picked: PickedFile[];
  name: string;
  refused: unknown;
  onName: (name: string) => void;
  onForget: () => void;
}

function ChosenFiles({ picked, name, refused, onName, onForget }: ChosenFilesProps) {
  const [first] = picked;
  const nameRefused =
    refused instanceof Refusal &&
    ['datasetName', 'dataset_name', 'name'].includes(refused.field ?? '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        upload.start(name.trim(), picked);
      }}
    >
      <Stack>
        <Text>
          {picked.length === 1 ? first?.path : formatNumberOf(picked.length, 'file')},{' '}
          {formatBytes(totalBytes(picked))}
        </Text>
        <TextInput
          label="Dataset name"
          description="Letters, digits, spaces, dots, dashes and underscores. A known name adds to that dataset."
          placeholder="HAM10000"
          required
          withAsterisk={false}
          autoFocus
          maw={420}
          error={nameRefused}
          value={name}
          onChange={(event) => onName(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" disabled={name.trim() === ''}>
            Upload
          </Button>
          <Button variant="default" onClick={onForget}>
            Choose something else
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function SendingFiles({ state }: { state: Extract<Upload, { phase: 'sending' }> }) {
  const percent = state.total > 0 ? (100 * state.sent) / state.total : 0;
  const left = formatTimeLeft(uploadSecondsLeft(state));
  return (
    <Stack gap="sm">
      <Text fw={560}>Uploading {state.name}…</Text>
      <Progress
        value={percent}
        size="lg"
        aria-label={`Upload of ${state.name}`}
        transitionDuration={150}
      />
      <Group justify="space-between">
        <Text size="sm" c="dimmed" className="figures">
          {formatBytes(state.sent)} of {formatBytes(state.total)}
          {left && `, ${left}`}
        </Text>
        <Button variant="default" size="compact-md" onClick={upload.cancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}

function ReadingImages({ name }: { name: string }) {
  return (
    <Stack gap="sm" role="status">
      <Text fw={560}>Reading the images of {name}…</Text>
      <Progress value={100} size="lg" animated aria-label="Reading the images" />
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          Everything has arrived. The server unpacks and checks every image now.
        </Text>
        <Button variant="default" size="compact-md" onClick={upload.cancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}
