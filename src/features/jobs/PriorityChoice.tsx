// Who goes first among the jobs that wait.
import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { JobDetail, PriorityName } from '@/client/records';
import { Refused } from '@/components/states';
import { useAsking } from './asking';
import { PRIORITY } from './words';

const NAMES: PriorityName[] = ['low', 'normal', 'high'];

export function PriorityChoice({ job }: { job: JobDetail }) {
  const { setPriority } = useAsking(job.job_id);
  const [error, setError] = useState<unknown>(null);

  const choose = async (priority: PriorityName) => {
    setError(null);
    try {
      await setPriority(priority);
    } catch (refusal) {
      setError(refusal);
    }
  };

  return (
    <Stack gap="xs">
      <Group gap="md">
        <Text size="sm" c="dimmed" id="priority">
          Priority among the jobs that wait
        </Text>
        <SegmentedControl
          size="xs"
          aria-labelledby="priority"
          value={job.priority}
          data={NAMES.map((value) => ({ value, label: PRIORITY[value] }))}
          onChange={(value) => void choose(NAMES.find((name) => name === value) ?? 'normal')}
        />
      </Group>
      {error !== null && <Refused error={error} />}
    </Stack>
  );
}
