// Asks for the diagnosis that the chosen images shall have.
import { Autocomplete, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { datasetQuery } from '@/client/queries';
import { Refused } from '@/components/states';

interface LabelOtherwiseProps {
  dataset: string;
  /** "12 images". */
  images: string;
  opened: boolean;
  busy: boolean;
  error: unknown;
  onLabel: (label: string) => void;
  onClose: () => void;
}

export function LabelOtherwise({ dataset, images, ...props }: LabelOtherwiseProps) {
  const { opened, busy, error, onLabel, onClose } = props;
  const [label, setLabel] = useState('');
  const known = useQuery(datasetQuery(dataset)).data?.classes.map((each) => each.label) ?? [];
  const name = label.trim();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={620}>Which diagnosis do these {images} have?</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== '') onLabel(name);
        }}
      >
        <Stack>
          {error != null && <Refused error={error} title="Nothing was changed" />}
          <Autocomplete
            label="Diagnosis"
            description="One of the dataset's classes, or a new one."
            data={known}
            value={label}
            onChange={setLabel}
            maxLength={100}
            data-autofocus
          />
          {name !== '' && known.length > 0 && !known.includes(name) && (
            <Text size="sm" c="dimmed" role="status">
              {name} will be a new class.
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Keep as they are
            </Button>
            <Button type="submit" loading={busy} disabled={name === ''}>
              Label
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
