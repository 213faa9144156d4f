// A button for what cannot be undone: it asks once, then does it, and shows a refusal in place.
import { Button, Group, Modal, Stack, Text, type ButtonProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import { Refused } from './states';

interface AskOnceProps extends ButtonProps {
  label: string;
  question: string;
  /** What will be lost, in one or two sentences. */
  explanation: ReactNode;
  confirm: string;
  /** Red unless nothing is lost. */
  confirmColour?: string;
  keep?: string;
  onConfirm: () => Promise<unknown>;
}

export function AskOnce(props: AskOnceProps) {
  const { label, question, explanation, confirm, confirmColour = 'red', ...others } = props;
  const { keep = 'Keep it', onConfirm, ...button } = others;
  const [opened, { open, close }] = useDisclosure(false);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const doIt = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      close();
    } catch (refusal) {
      setError(refusal);
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <Button variant="default" {...button} onClick={open}>
        {label}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={<Text fw={620}>{question}</Text>}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack>
          <Text component="div">{explanation}</Text>
          {error !== null && <Refused error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              {keep}
            </Button>
            <Button color={confirmColour} loading={busy} onClick={() => void doIt()}>
              {confirm}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
