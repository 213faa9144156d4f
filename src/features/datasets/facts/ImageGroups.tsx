// Thumbnails in a calm grid: one by one, or side by side where images belong together.
import type { FactGroup, FactImage, FactKind } from '@/client/records';
import { Thumbnail } from './Thumbnail';
import classes from './ImageGroups.module.css';

interface ImageGroupsProps {
  dataset: string;
  groups: FactGroup[];
  /** Of the fact that they stand behind, if it is one. */
  kind: FactKind | undefined;
  /** Ids of those that are chosen. */
  chosen: ReadonlySet<string>;
  onChoose: (id: string, chosen: boolean) => void;
}

export function ImageGroups({ dataset, groups, kind, chosen, onChoose }: ImageGroupsProps) {
  const thumbnail = (image: FactImage) => (
    <Thumbnail
      key={image.image_id}
      dataset={dataset}
      image={image}
      note={noteOf(image, kind)}
      chosen={chosen.has(image.image_id)}
      onChoose={(now) => onChoose(image.image_id, now)}
    />
  );
  const apart = groups.some(({ images }) => images.length > 1);
  return (
    <ul className={apart ? classes.groups : classes.grid}>
      {groups.map((group) => (
        <li key={keyOf(group)} className={apart ? classes.group : undefined}>
          {apart ? (
            <ul className={classes.together}>
              {group.images.map((image) => (
                <li key={image.image_id}>{thumbnail(image)}</li>
              ))}
            </ul>
          ) : (
            group.images.map(thumbnail)
          )}
        </li>
      ))}
    </ul>
  );
}

const keyOf = (group: FactGroup) => group.images.map(({ image_id }) => image_id).join(' ');

/** What was measured, where that is why the image is shown. */
function noteOf(image: FactImage, kind: FactKind | undefined): string | null {
  if ((kind === 'unsharp' || kind === 'rich_in_detail') && image.sharpness != null) {
    return `sharpness ${image.sharpness.toPrecision(2)}`;
  }
  if ((kind === 'dark' || kind === 'bright') && image.brightness != null) {
    const clipped = image.clipped ?? 0;
    const brightness = `brightness ${(image.brightness * 100).toFixed(0)} %`;
    return clipped < 0.01 ? brightness : `${brightness}, ${(clipped * 100).toFixed(0)} % clipped`;
  }
  return null;
}
