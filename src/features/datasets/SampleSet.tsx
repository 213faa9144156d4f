// Draws the sample set: for trying the program where no images are at hand.
import { Button, Stack } from '@mantine/core';
import { IconPalette } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answerOf, client } from '@/client/client';
import { datasetQuery, datasetsQuery } from '@/client/queries';
import { Refused } from '@/components/states';
import { uploadedWords } from './words';

export function DrawSampleSet() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const draw = useMutation({
    mutationFn: () => answerOf(client.POST('/api/sample-dataset')),
    onSuccess: (result) => {
      queryClient.setQueryData(datasetQuery(result.dataset_name).queryKey, result.summary);
      void queryClient.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
      return navigate({
        to: '/datasets/$name',
        params: { name: result.dataset_name },
        state: { uploaded: uploadedWords(result) },
      });
    },
  });
  return (
    <Stack align="center" gap="sm">
      <Button
        variant="default"
        leftSection={<IconPalette size={18} aria-hidden />}
        loading={draw.isPending}
        onClick={() => draw.mutate()}
      >
        Draw the sample set
      </Button>
      {draw.isError && <Refused error={draw.error} />}
    </Stack>
  );
}
