// Versions of a dataset, as they are read and made.
import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '@/client/client';
import { datasetQuery, datasetsQuery } from '@/client/queries';
import type { DatasetVersions, VersionChange } from '@/client/records';

const UNCHANGED = { exclude: [], include: [], relabel: {}, reason: '' };

/** The versions of a dataset as it was at `updatedAt`. */
export const versionsQuery = (name: string, updatedAt: string) =>
  queryOptions({
    queryKey: ['datasets', name, 'versions', updatedAt],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/datasets/{name}/versions', { params: { path: { name } }, signal })),
  });

/** Makes a new version in which images are left out, taken back in or labelled otherwise. */
export function changeDataset(name: string, change: VersionChange): Promise<DatasetVersions> {
  const params = { path: { name } };
  const body = { ...UNCHANGED, ...change };
  return answerOf(client.POST('/api/datasets/{name}/versions', { params, body }));
}

/** Makes an older version the current one again. */
export function restoreVersion(name: string, number: number): Promise<DatasetVersions> {
  const params = { path: { name, number } };
  return answerOf(client.POST('/api/datasets/{name}/versions/{number}/restore', { params }));
}

/** Shows the dataset as it is after a change; everything that hangs on its state is asked anew. */
export function useShownAnew(name: string) {
  const queryClient = useQueryClient();
  return async () => {
    await queryClient.invalidateQueries({ queryKey: datasetQuery(name).queryKey, exact: true });
    void queryClient.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
  };
}
