// A grid of as many pictures as there are; only the rows on the screen exist.
import { useElementSize } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { ListedImage } from '@/client/records';
import { Refused } from '@/components/states';
import type { Moment } from '../facts/queries';
import { EmptyTile, ImageTile } from './ImageTile';
import { GAP, placeAfter, shapeOf } from './rows';
import type { Sought } from './sought';
import { useImages } from './useImages';
import classes from './ImageGrid.module.css';

const ROWS_BEYOND = 2;

interface ImageGridProps {
  dataset: Moment;
  sought: Sought;
  total: number;
  chosen: ReadonlySet<string>;
  onChoose: (ids: string[], chosen: boolean) => void;
  onOpen: (place: number) => void;
}

export function ImageGrid(props: ImageGridProps) {
  const { dataset, sought, total, chosen, onChoose, onOpen } = props;
  const { ref, width } = useElementSize();
  const frame = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [anchor, setAnchor] = useState<number | null>(null);
  const [margin, setMargin] = useState(0);
  const { columns, rows, tile, rowHeight } = shapeOf(total, width);
  const virtualizer = useWindowVirtualizer({
    count: width > 0 ? rows : 0,
    estimateSize: () => rowHeight,
    overscan: ROWS_BEYOND,
    scrollMargin: margin,
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  useLayoutEffect(() => {
    const grid = frame.current;
    if (!grid?.parentElement) return;
    const measure = () => setMargin(Math.round(grid.getBoundingClientRect().top + window.scrollY));
    // what stands above the grid may grow or shrink at any time
    const observer = new ResizeObserver(measure);
    observer.observe(grid.parentElement);
    return () => observer.disconnect();
  }, []);
  const shown = virtualizer.getVirtualItems();
  const first = (shown[0]?.index ?? 0) * columns;
  const last = ((shown.at(-1)?.index ?? 0) + 1) * columns - 1;
  const { at, error } = useImages(dataset, sought, first, Math.min(last, total - 1));

  const choose = (place: number, now: boolean, withRange: boolean) => {
    const from = withRange && anchor !== null ? Math.min(anchor, place) : place;
    const to = withRange && anchor !== null ? Math.max(anchor, place) : place;
    const range = Array.from({ length: to - from + 1 }, (_, step) => at(from + step));
    const known = range.filter((image): image is ListedImage => image !== undefined);
    onChoose(
      known.map(({ image_id }) => image_id),
      now,
    );
    setAnchor(place);
    setActive(place);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const onTile = (event.target as HTMLElement).closest('[data-tile]') !== null;
    if (onTile && event.key === ' ') {
      const image = at(active);
      event.preventDefault();
      if (image) choose(active, !chosen.has(image.image_id), event.shiftKey);
      return;
    }
    const next = placeAfter(event.key, active, columns, total);
    if (next === null || !onTile) return;
    event.preventDefault();
    setActive(next);
    virtualizer.scrollToIndex(Math.floor(next / columns));
    focusSoon(frame.current, next);
  };

  return (
    <div ref={frame}>
      {error !== null && <Refused error={error} />}
      <div
        ref={ref}
        className={classes.grid}
        role="group"
        aria-label="Images; the arrow keys lead through them, Space chooses"
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {shown.map((row) => (
          <div
            key={row.key}
            className={classes.row}
            style={{
              gap: GAP,
              gridTemplateColumns: `repeat(${columns}, ${tile}px)`,
              transform: `translateY(${row.start - virtualizer.options.scrollMargin}px)`,
            }}
          >
            {Array.from({ length: Math.min(columns, total - row.index * columns) }, (_, column) => {
              const place = row.index * columns + column;
              const image = at(place);
              return (
                <div key={place} data-place={place} onFocus={() => setActive(place)}>
                  {image ? (
                    <ImageTile
                      dataset={dataset.name}
                      image={image}
                      chosen={chosen.has(image.image_id)}
                      active={place === active || (active < first && place === first)}
                      onChoose={(now, withRange) => choose(place, now, withRange)}
                      onOpen={() => onOpen(place)}
                    />
                  ) : (
                    <EmptyTile />
                  )}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

const TRIES = 60;

/** Puts the focus on a tile as soon as it exists: its row may have to be scrolled to first. */
function focusSoon(frame: HTMLElement | null, place: number, tries = TRIES) {
  requestAnimationFrame(() => {
    const tile = frame?.querySelector<HTMLElement>(`[data-place="${place}"] [data-tile]`);
    if (tile) tile.focus({ preventScroll: true });
    else if (tries > 0) focusSoon(frame, place, tries - 1);
  });
}
