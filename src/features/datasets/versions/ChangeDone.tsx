// What was just changed in a dataset, and the way back.
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Refused } from '@/components/states';
import { restoreVersion, useShownAnew } from './changes';

export interface Changed {
  sentence: string;
  /** Number of the version before; null = there is no way back from here. */
  before: number | null;
}

interface ChangeDoneProps {
  dataset: string;
  changed: Changed;
  onDone: (changed: Changed) => void;
}

export function ChangeDone({ dataset, changed: { sentence, before }, onDone }: ChangeDoneProps) {
  const showAnew = useShownAnew(dataset);
  const undo = useMutation({
    mutationFn: (number: number) => restoreVersion(dataset, number),
    onSuccess: async (_, number) => {
      onDone({ sentence: `Undone; this is version ${number} of the dataset.`, before: null });
      await showAnew();
    },
  });
  return (
    <Alert color="petrol" role="status">
      <Stack gap="xs">
        {undo.isError && <Refused error={undo.error} title="It was not undone" />}
        <Group justify="space-between" gap="xs">
          <Text className="figures">{sentence}</Text>
          {before !== null && (
            <Button
              variant="default"
              size="compact-sm"
              leftSection={<IconArrowBackUp size={16} aria-hidden />}
              loading={undo.isPending}
              onClick={() => undo.mutate(before)}
            >
              Undo
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}
