// The images that are on the screen, out of very many: asked for in portions, as one scrolls.
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { ListedImage } from '@/client/records';
import type { Moment } from '../facts/queries';
import { PORTION, portionQuery } from './queries';
import { portionsOf } from './rows';
import type { Sought } from './sought';

export interface ImagesSeen {
  /** The image at that place; undefined while it is on its way. */
  at: (place: number) => ListedImage | undefined;
  error: unknown;
}

/** How many there are; the number before stands until the new one is known. */
export function useTotal(dataset: Moment, sought: Sought) {
  return useQuery({
    ...portionQuery(dataset, sought, 0),
    select: ({ total }) => total,
    placeholderData: keepPreviousData,
  });
}

/** The images from place `first` to `last`. */
export function useImages(
  dataset: Moment,
  sought: Sought,
  first: number,
  last: number,
): ImagesSeen {
  const numbers = portionsOf(first, last, PORTION);
  const portions = useQueries({
    queries: numbers.map((number) => portionQuery(dataset, sought, number)),
  });
  const at = (place: number) => {
    const index = numbers.indexOf(Math.floor(place / PORTION));
    return portions[index]?.data?.images[place % PORTION];
  };
  return { at, error: portions.find(({ error }) => error !== null)?.error ?? null };
}
