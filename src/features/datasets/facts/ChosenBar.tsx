// What can be done with the images that are chosen: leave them out, or take them back in.
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Refused } from '@/components/states';
import { formatNumberOf } from '@/lib/format';
import { changeDataset, useShownAnew } from '../versions/changes';
import classes from './ChosenBar.module.css';

interface ChosenBarProps {
  dataset: string;
  chosen: string[];
  /** They are left out now, and would count again. */
  back: boolean;
  onDone: (sentence: string) => void;
  onCancel: () => void;
}

export function ChosenBar({ dataset, chosen, back, onDone, onCancel }: ChosenBarProps) {
  const showAnew = useShownAnew(dataset);
  const images = formatNumberOf(chosen.length, 'image');
  const change = useMutation({
    mutationFn: () => changeDataset(dataset, back ? { include: chosen } : { exclude: chosen }),
    onSuccess: async (history) => {
      onDone(
        `${images} ${back ? 'taken back in' : 'left out'}; this is version ${history.current} of the dataset.`,
      );
      await showAnew();
    },
  });
  return (
    <Stack className={classes.bar} gap="xs" role="group" aria-label="The chosen images">
      {change.isError && <Refused error={change.error} title="Nothing was changed" />}
      <Group justify="space-between">
        <Text fw={560} className="figures" aria-live="polite">
          {images} chosen
        </Text>
        <Group gap="xs">
          <Button variant="subtle" onClick={onCancel} disabled={change.isPending}>
            Choose none
          </Button>
          <Button loading={change.isPending} onClick={() => change.mutate()}>
            {back ? 'Take back in' : 'Leave out'}
          </Button>
        </Group>
      </Group>
      <Text size="sm" c="dimmed">
        This makes a new version of the dataset. No file is removed; the versions on the page lead
        back.
      </Text>
    </Stack>
  );
}
