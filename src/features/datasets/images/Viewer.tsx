// One image, large, with what is known of it; the arrow keys lead to its neighbours.
import { ActionIcon, Group, Modal, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import type { ListedImage } from '@/client/records';
import { SettingsList } from '@/components/SettingsList';
import { formatCount } from '@/lib/format';
import type { Moment } from '../facts/queries';
import { pictureOf, thumbnailOf } from './addresses';
import type { Sought } from './sought';
import { useImages } from './useImages';
import classes from './Viewer.module.css';

interface ViewerProps {
  dataset: Moment;
  sought: Sought;
  total: number;
  /** Which of the images that fit; null = closed. */
  place: number | null;
  onPlace: (place: number | null) => void;
}

export function Viewer({ place, onPlace, ...props }: ViewerProps) {
  return (
    <Modal
      opened={place !== null}
      onClose={() => onPlace(null)}
      size="min(1080px, 100%)"
      title={place !== null && <Title place={place} total={props.total} />}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {place !== null && <Looked {...props} place={place} onPlace={onPlace} />}
    </Modal>
  );
}

function Title({ place, total }: { place: number; total: number }) {
  return (
    <Text fw={620} className="figures">
      Image {formatCount(place + 1)} of {formatCount(total)}
    </Text>
  );
}

function Looked(props: Omit<ViewerProps, 'place'> & { place: number }) {
  const { dataset, sought, total, place, onPlace } = props;
  const { at } = useImages(dataset, sought, place, place);
  const image = at(place);
  const go = (next: number) => {
    if (next >= 0 && next < total) onPlace(next);
  };
  useHotkeys([
    ['ArrowLeft', () => go(place - 1)],
    ['ArrowRight', () => go(place + 1)],
  ]);
  return (
    <div className={classes.looked}>
      <div className={classes.frame}>
        {image && (
          <img
            key={image.image_id}
            className={classes.picture}
            src={pictureOf(dataset.name, image.image_id)}
            alt={`${image.image_id}, ${image.label || 'no diagnosis'}`}
            width={image.width}
            height={image.height}
            style={{ backgroundImage: `url("${thumbnailOf(dataset.name, image.image_id)}")` }}
          />
        )}
        <Group justify="space-between" mt="xs">
          <ActionIcon
            variant="default"
            size={44}
            aria-label="The image before"
            disabled={place === 0}
            onClick={() => go(place - 1)}
          >
            <IconChevronLeft aria-hidden />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size={44}
            aria-label="The next image"
            disabled={place + 1 >= total}
            onClick={() => go(place + 1)}
          >
            <IconChevronRight aria-hidden />
          </ActionIcon>
        </Group>
      </div>
      {image && <SettingsList settings={wordsOf(image)} />}
    </div>
  );
}

function wordsOf(image: ListedImage): [string, string][] {
  const words: [string, string | null][] = [
    ['Image', image.image_id],
    ['Diagnosis', image.label || 'none given'],
    ['Lesion', image.lesion_id],
    ['Patient', image.patient_id],
    ['Body site', image.site],
    ['Sex', image.sex],
    ['Age', image.age === null ? null : `${image.age} years`],
    ['Size', `${formatCount(image.width)} × ${formatCount(image.height)} pixels`],
  ];
  return words.filter((each): each is [string, string] => each[1] !== null);
}
