// One image of a dataset, small, with its class, its lesion and its name.
import { Checkbox, Text } from '@mantine/core';
import type { FactImage } from '@/client/records';
import classes from './Thumbnail.module.css';

interface ThumbnailProps {
  dataset: string;
  image: FactImage;
  /** What was measured, where that is why it is shown. */
  note: string | null;
  chosen: boolean;
  onChoose: (chosen: boolean) => void;
}

export function Thumbnail({ dataset, image, note, chosen, onChoose }: ThumbnailProps) {
  const { image_id: id, label, lesion_id: lesion } = image;
  return (
    <figure className={classes.figure} data-chosen={chosen || undefined}>
      <Checkbox
        className={classes.choose}
        aria-label={`Choose ${id}`}
        checked={chosen}
        onChange={(event) => onChoose(event.currentTarget.checked)}
      />
      <img
        className={classes.image}
        src={`/api/datasets/${encodeURIComponent(dataset)}/thumbnail?image_id=${encodeURIComponent(id)}`}
        alt={id}
        loading="lazy"
        decoding="async"
      />
      <figcaption className={classes.words}>
        <Text size="sm" fw={620} span>
          {label || 'no diagnosis'}
        </Text>
        {lesion != null && (
          <Text size="xs" c="dimmed" span>
            {lesion}
          </Text>
        )}
        <Text size="xs" c="dimmed" span>
          {id}
        </Text>
        {note !== null && (
          <Text size="xs" c="dimmed" span className="figures">
            {note}
          </Text>
        )}
      </figcaption>
    </figure>
  );
}
