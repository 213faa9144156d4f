// Any number on the page can open the images behind it; this is how it asks for that.
import { createContext, use } from 'react';
import type { Asked } from './queries';

export interface Behind {
  /** What the number counts: "Dark", "nv", "600 × 450 pixels". */
  title: string;
  note?: string;
  asked: Asked;
}

export type ShowImages = (behind: Behind) => void;

export const ShowImagesContext = createContext<ShowImages>(() => undefined);

export function useShowImages(): ShowImages {
  return use(ShowImagesContext);
}
