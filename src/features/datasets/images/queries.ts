// What the page of images asks; the answers hold for the dataset as it was at a moment.
import { queryOptions } from '@tanstack/react-query';
import { answerOf, client } from '@/client/client';
import type { Moment } from '../facts/queries';
import type { Sought } from './sought';

/** Images that are asked for at once. */
export const PORTION = 200;

export const choicesQuery = ({ name, updated_at }: Moment) =>
  queryOptions({
    queryKey: ['datasets', name, 'image-choices', updated_at],
    queryFn: ({ signal }) => {
      const params = { path: { name } };
      return answerOf(client.GET('/api/datasets/{name}/images/choices', { params, signal }));
    },
    staleTime: Infinity,
  });

/** The images from `number` × `PORTION` on. */
export const portionQuery = ({ name, updated_at }: Moment, sought: Sought, number: number) =>
  queryOptions({
    queryKey: ['datasets', name, 'images', updated_at, sought, number],
    queryFn: ({ signal }) => {
      const query = { ...sought, offset: number * PORTION, limit: PORTION };
      const params = { path: { name }, query };
      return answerOf(client.GET('/api/datasets/{name}/images', { params, signal }));
    },
    staleTime: Infinity,
  });

/** The ids of all that fit. */
export async function idsOf(name: string, sought: Sought): Promise<string[]> {
  const params = { path: { name }, query: sought };
  return (await answerOf(client.GET('/api/datasets/{name}/images/ids', { params }))).image_ids;
}
