// A failed or cancelled job can go on or begin anew; beside each stands what it does, or why not.
import { Button, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconRefresh } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import type { JobDetail } from '@/client/records';
import { Refused } from '@/components/states';
import { choiceOf, useAsking, type Wish } from './asking';
import classes from './TakeUpAgain.module.css';

export function TakeUpAgain({ job }: { job: JobDetail }) {
  const { ask } = useAsking(job.job_id);
  const [busy, setBusy] = useState<Wish | null>(null);
  const [error, setError] = useState<unknown>(null);

  const doIt = async (wish: Wish) => {
    setBusy(wish);
    setError(null);
    try {
      await ask(wish);
    } catch (refusal) {
      setError(refusal);
    } finally {
      setBusy(null);
    }
  };

  const way = (wish: Wish, label: string, icon: ReactNode) => {
    const choice = choiceOf(job, wish);
    return (
      choice && (
        <li>
          <Button
            variant={wish === 'resume' && choice.possible ? 'filled' : 'default'}
            leftSection={icon}
            disabled={!choice.possible}
            loading={busy === wish}
            aria-describedby={`${wish}-${job.job_id}`}
            onClick={() => void doIt(wish)}
          >
            {label}
          </Button>
          <Text size="sm" id={`${wish}-${job.job_id}`}>
            {choice.sentence}
          </Text>
        </li>
      )
    );
  };

  return (
    <Stack gap="sm" w="100%">
      <ul className={classes.ways}>
        {way('resume', 'Resume', <IconPlayerPlay size={18} aria-hidden />)}
        {way('retry', 'Retry', <IconRefresh size={18} aria-hidden />)}
      </ul>
      {error !== null && <Refused error={error} />}
    </Stack>
  );
}
