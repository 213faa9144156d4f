// What the page asks of a dataset's facts; the answers hold for the dataset as it was then.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answerOf, client } from '@/client/client';
import type { FactKind } from '@/client/records';

const LOOK_EVERY_MS = 1_500;
const AT_ONCE = 48;

/** Whose images are asked for: of a fact, a class, a size or a cell of a table. */
export interface Asked {
  kind?: FactKind;
  label?: string;
  width?: number;
  height?: number;
  column?: string;
  value?: string;
}

/** A dataset as it was at a moment: facts of an older one are never shown for it. */
export interface Moment {
  name: string;
  updated_at: string;
}

export const factsQuery = ({ name, updated_at }: Moment) =>
  queryOptions({
    queryKey: ['datasets', name, 'facts', updated_at],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/datasets/{name}/facts', { params: { path: { name } }, signal })),
    refetchInterval: ({ state }) => (state.data?.state === 'looking' ? LOOK_EVERY_MS : false),
  });

export const factImagesQuery = ({ name, updated_at }: Moment, asked: Asked) =>
  infiniteQueryOptions({
    queryKey: ['datasets', name, 'facts', updated_at, 'images', asked],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...asked, offset: pageParam, limit: AT_ONCE };
      const params = { path: { name }, query };
      return answerOf(client.GET('/api/datasets/{name}/facts/images', { params, signal }));
    },
    initialPageParam: 0,
    getNextPageParam: (last) => {
      const next = last.offset + last.groups.length;
      return next < last.total && last.groups.length > 0 ? next : undefined;
    },
  });

/** Has every picture looked at anew. */
export function lookNow(name: string) {
  return answerOf(client.POST('/api/datasets/{name}/facts', { params: { path: { name } } }));
}
