// What can be done with the images that are chosen: leave them out, take them back in, label them.
import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import type { VersionChange } from '@/client/records';
import { Refused } from '@/components/states';
import { formatNumberOf } from '@/lib/format';
import type { Changed } from './ChangeDone';
import { changeDataset, useShownAnew } from './changes';
import { LabelOtherwise } from './LabelOtherwise';
import classes from './ChangeBar.module.css';

interface ChangeBarProps {
  dataset: string;
  /** Ids of images. */
  chosen: string[];
  /** They are left out now, and would count again. */
  back: boolean;
  onDone: (changed: Changed) => void;
  onCancel: () => void;
}

interface Wanted {
  change: VersionChange;
  /** What was done, as the end of "12 images …". */
  words: string;
}

export function ChangeBar({ dataset, chosen, back, onDone, onCancel }: ChangeBarProps) {
  const showAnew = useShownAnew(dataset);
  const [naming, { open, close }] = useDisclosure(false);
  const images = formatNumberOf(chosen.length, 'image');
  const change = useMutation({
    mutationFn: (wanted: Wanted) => changeDataset(dataset, wanted.change),
    onSuccess: async ({ current, versions }, { words }) => {
      const before = versions.find(({ number }) => number === current)?.parent ?? null;
      close();
      onDone({
        sentence: `${images} ${words}; this is version ${current} of the dataset.`,
        before,
      });
      await showAnew();
    },
  });
  const leaveOut = back
    ? { change: { include: chosen }, words: 'taken back in' }
    : { change: { exclude: chosen }, words: 'left out' };
  const label = (name: string) =>
    change.mutate({
      change: { relabel: Object.fromEntries(chosen.map((id) => [id, name])) },
      words: `labelled ${name}`,
    });
  return (
    <Stack className={classes.bar} gap="xs" role="group" aria-label="The chosen images">
      {change.isError && !naming && <Refused error={change.error} title="Nothing was changed" />}
      <Group justify="space-between">
        <Text fw={560} className="figures" aria-live="polite">
          {images} chosen
        </Text>
        <Group gap="xs">
          <Button variant="subtle" onClick={onCancel} disabled={change.isPending}>
            Choose none
          </Button>
          {!back && (
            <Button variant="default" onClick={open} disabled={change.isPending}>
              Label otherwise
            </Button>
          )}
          <Button loading={change.isPending && !naming} onClick={() => change.mutate(leaveOut)}>
            {back ? 'Take back in' : 'Leave out'}
          </Button>
        </Group>
      </Group>
      <Text size="sm" c="dimmed" visibleFrom="sm">
        This makes a new version of the dataset. No file is removed, and it can be undone.
      </Text>
      <LabelOtherwise
        dataset={dataset}
        images={images}
        opened={naming}
        busy={change.isPending}
        error={change.error}
        onLabel={label}
        onClose={() => {
          close();
          change.reset();
        }}
      />
    </Stack>
  );
}
