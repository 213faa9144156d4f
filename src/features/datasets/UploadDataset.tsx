// The document's "Upload Dataset" section: drop, name, send, and see it through.
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { datasetQuery, datasetsQuery, importsQuery, uploadsQuery } from '@/client/queries';
import { LinkText } from '@/components/links';
import { Panel } from '@/components/Panel';
import { Refused } from '@/components/states';
import { formatBytes, formatNumberOf } from '@/lib/format';
import { ChosenFiles } from './ChosenFiles';
import { DropArea } from './DropArea';
import { OtherFiles, unfinishedOf } from './goingOn';
import { suggestedName, type PickedFile } from './pickedFiles';
import { UnderWay } from './ImportsPanel';
import { ReadingImages, SendingFiles } from './SendingFiles';
import { upload, useUpload, type Upload } from './upload';
import { goingOnWords, uploadedWords } from './words';

export function UploadDataset() {
  const state = useUpload();
  useOpenWhenDone(state);
  useFreshUnfinished(state);
  return (
    <Panel title="Upload Dataset">
      {state.phase === 'sending' && <SendingFiles state={state} />}
      {state.phase === 'choosing' && <ChooseAgain state={state} />}
      {state.phase === 'reading' && (
        <Stack gap="sm">
          <Text fw={560}>Reading the images of {state.name}…</Text>
          {state.seen === null ? (
            <Progress value={100} size="lg" animated aria-label="Reading the images" />
          ) : (
            <UnderWay running={state.seen} size="lg" />
          )}
          <ReadingImages waiting={state.waiting} />
        </Stack>
      )}
      {state.phase === 'done' && (
        <Text>
          {uploadedWords(state.result)}{' '}
          <LinkText to="/datasets/$name" params={{ name: state.result.dataset_name }}>
            See what is in {state.result.dataset_name}
          </LinkText>
        </Text>
      )}
      {(state.phase === 'idle' || state.phase === 'refused') && <ChooseFiles state={state} />}
    </Panel>
  );
}

function ChooseFiles({ state }: { state: Extract<Upload, { phase: 'idle' | 'refused' }> }) {
  const [picked, setPicked] = useState<PickedFile[]>([]);
  const [name, setName] = useState('');
  const { data: uploads = [] } = useQuery(uploadsQuery);
  const unfinished = unfinishedOf(picked, uploads);

  const pick = (files: PickedFile[]) => {
    if (state.phase === 'refused') upload.clear();
    const known = unfinishedOf(files, uploads)?.dataset_name;
    setPicked(files);
    setName((typed) => typed || (known ?? suggestedName(files)));
  };

  return (
    <Stack>
      {picked.length === 0 ? (
        <DropArea onPick={pick} />
      ) : (
        <ChosenFiles
          picked={picked}
          name={name}
          unfinished={unfinished}
          refused={state.phase === 'refused' ? state.error : null}
          onName={setName}
          onForget={() => {
            upload.clear();
            setPicked([]);
            setName('');
          }}
        />
      )}
      {state.phase === 'refused' && (
        <>
          <Refused error={state.error} title="Nothing was added" />
          <Group>
            <Button variant="default" onClick={state.again}>
              Try again
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}

/** The files of an unfinished upload are asked for again: the browser does not keep them. */
function ChooseAgain({ state }: { state: Extract<Upload, { phase: 'choosing' }> }) {
  const { basket, error } = state;
  return (
    <Stack>
      <Text>{goingOnWords(basket)}</Text>
      <Text c="dimmed">
        Choose the same {basket.files === 1 ? 'file' : formatNumberOf(basket.files, 'file')} again (
        {formatBytes(basket.bytes)} together); only what is missing is sent.
      </Text>
      {error instanceof OtherFiles && <Refused error={error} />}
      <DropArea onPick={(files) => upload.start(basket.dataset_name, files, basket)} />
      <Group>
        <Button variant="default" onClick={upload.clear}>
          Not now
        </Button>
      </Group>
    </Stack>
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

/** The list of unfinished uploads follows what happens here. */
function useFreshUnfinished({ phase }: Upload) {
  const queryClient = useQueryClient();
  useEffect(() => {
    void queryClient.invalidateQueries({ queryKey: uploadsQuery.queryKey });
    void queryClient.invalidateQueries({ queryKey: importsQuery.queryKey });
  }, [phase, queryClient]);
}
