// One picture in the grid: press it to look closer, tick it to choose it.
import { Checkbox } from '@mantine/core';
import type { MouseEvent } from 'react';
import type { ListedImage } from '@/client/records';
import { thumbnailOf } from './addresses';
import classes from './ImageTile.module.css';

interface ImageTileProps {
  dataset: string;
  image: ListedImage;
  chosen: boolean;
  /** The one that the Tab key leads to. */
  active: boolean;
  onChoose: (chosen: boolean, withRange: boolean) => void;
  onOpen: () => void;
}

export function ImageTile({ dataset, image, chosen, active, onChoose, onOpen }: ImageTileProps) {
  const { image_id: id, label } = image;
  const name = label === '' ? 'no diagnosis' : label;
  return (
    <figure className={classes.tile} data-chosen={chosen || undefined}>
      <Checkbox
        className={classes.choose}
        aria-label={`Choose ${id}`}
        checked={chosen}
        tabIndex={active ? 0 : -1}
        onClick={(event: MouseEvent<HTMLInputElement>) => {
          onChoose(event.currentTarget.checked, event.shiftKey);
        }}
        onChange={() => undefined}
      />
      <button
        type="button"
        className={classes.open}
        data-tile
        tabIndex={active ? 0 : -1}
        aria-label={`${id}, ${name}`}
        onClick={onOpen}
      >
        <img src={thumbnailOf(dataset, id)} alt="" decoding="async" className={classes.image} />
      </button>
      <figcaption className={classes.words} aria-hidden>
        <span className={classes.label}>{name}</span>
        <span className={classes.id}>{id}</span>
      </figcaption>
    </figure>
  );
}

/** In the place of a picture whose name has not come yet. */
export function EmptyTile() {
  return (
    <div className={classes.tile}>
      <div className={classes.image} />
    </div>
  );
}
