// What was chosen, and the name of the dataset that it is for.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { UnfinishedUpload } from '@/client/records';
import { Refusal } from '@/client/refusal';
import { formatBytes, formatNumberOf } from '@/lib/format';
import { totalBytes, type PickedFile } from './pickedFiles';
import { upload } from './upload';
import { goingOnWords } from './words';

interface ChosenFilesProps {
  picked: PickedFile[];
  name: string;
  /** The unfinished upload that these files look like. */
  unfinished: UnfinishedUpload | null;
  refused: unknown;
  onName: (name: string) => void;
  onForget: () => void;
}

export function ChosenFiles(props: ChosenFilesProps) {
  const { picked, name, unfinished, refused, onName, onForget } = props;
  const [first] = picked;
  const goesOnWith = unfinished?.dataset_name === name.trim() ? unfinished : null;
  const nameRefused =
    refused instanceof Refusal &&
    ['datasetName', 'dataset_name', 'name'].includes(refused.field ?? '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        upload.start(name.trim(), picked, goesOnWith);
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
        {goesOnWith !== null && <Text size="sm">{goingOnWords(goesOnWith)}</Text>}
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
