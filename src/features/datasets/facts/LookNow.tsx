// The pictures of this dataset were not looked at yet: says so, and has it done.
import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core';
import { IconPhotoSearch } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { DatasetFacts } from '@/client/records';
import { Refused } from '@/components/states';
import { formatNumberOf } from '@/lib/format';
import { factsQuery, lookNow, type Moment } from './queries';

export function LookNow({ dataset, facts }: { dataset: Moment; facts: DatasetFacts }) {
  const queryClient = useQueryClient();
  const look = useMutation({
    mutationFn: () => lookNow(dataset.name),
    onSuccess: (begun) => queryClient.setQueryData(factsQuery(dataset).queryKey, begun),
  });
  if (facts.state === 'looking') {
    return (
      <Alert color="petrol" icon={<Loader size={18} aria-hidden />} role="status">
        Looking at {formatNumberOf(facts.images, 'image')}; the numbers appear here when that is
        done.
      </Alert>
    );
  }
  return (
    <Stack gap="sm">
      {facts.why != null && <Alert color="red">{facts.why}</Alert>}
      {look.isError && <Refused error={look.error} />}
      <Group justify="space-between">
        <Text c="dimmed" maw={640}>
          How sharp and how bright the images are was not measured yet: they came before this was
          done at upload.
        </Text>
        <Button
          leftSection={<IconPhotoSearch size={18} aria-hidden />}
          loading={look.isPending}
          onClick={() => look.mutate()}
        >
          {facts.why != null ? 'Try again' : 'Look at the images now'}
        </Button>
      </Group>
    </Stack>
  );
}
