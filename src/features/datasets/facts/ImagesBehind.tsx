// The images behind a number, in a drawer beside the page: thumbnails with class and lesion.
import { Button, Drawer, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Loaded } from '@/components/states';
import { formatCount } from '@/lib/format';
import { ChangeBar } from '../versions/ChangeBar';
import { ChangeDone, type Changed } from '../versions/ChangeDone';
import { ImageGroups } from './ImageGroups';
import { factImagesQuery, type Moment } from './queries';
import { ShowImagesContext, type Behind } from './showImages';
import classes from './ImagesBehind.module.css';

/** Lets every number inside open its images. */
export function ImagesBehind({ dataset, children }: { dataset: Moment; children: ReactNode }) {
  const [behind, setBehind] = useState<Behind | null>(null);
  const [opened, setOpened] = useState(false);
  const show = (next: Behind) => {
    setBehind(next);
    setOpened(true);
  };
  return (
    <ShowImagesContext value={show}>
      {children}
      <Drawer
        opened={opened}
        onClose={() => setOpened(false)}
        position="right"
        size="min(920px, 100%)"
        title={behind && <Heading behind={behind} />}
        closeButtonProps={{ 'aria-label': 'Close' }}
        classNames={{ content: classes.content, header: classes.header }}
      >
        {behind && <Images key={JSON.stringify(behind.asked)} dataset={dataset} behind={behind} />}
      </Drawer>
    </ShowImagesContext>
  );
}

function Heading({ behind: { title, note } }: { behind: Behind }) {
  return (
    <>
      <Text span display="block" fw={620} size="lg" className={classes.title}>
        {title}
      </Text>
      {note !== undefined && (
        <Text span display="block" size="sm" c="dimmed">
          {note}
        </Text>
      )}
    </>
  );
}

function Images({ dataset, behind }: { dataset: Moment; behind: Behind }) {
  const query = useInfiniteQuery(factImagesQuery(dataset, behind.asked));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [done, setDone] = useState<Changed | null>(null);
  const choose = (id: string, now: boolean) => {
    const next = new Set(chosen);
    if (now) next.add(id);
    else next.delete(id);
    setChosen(next);
    setDone(null);
  };
  const changed = (now: Changed) => {
    setChosen(new Set());
    setDone(now);
  };
  return (
    <Stack gap="lg">
      {done !== null && <ChangeDone dataset={dataset.name} changed={done} onDone={setDone} />}
      <Loaded query={query} label={`Reading the images: ${behind.title}`} lines={8}>
        {({ pages }) => {
          const groups = pages.flatMap((page) => page.groups);
          const total = pages[0]?.total ?? 0;
          if (total === 0) return <Text c="dimmed">There are no such images now.</Text>;
          return (
            <Stack gap="lg">
              <ImageGroups
                dataset={dataset.name}
                groups={groups}
                kind={behind.asked.kind}
                chosen={chosen}
                onChoose={choose}
              />
              {query.hasNextPage && (
                <Button
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show more ({formatCount(groups.length)} of {formatCount(total)} shown)
                </Button>
              )}
            </Stack>
          );
        }}
      </Loaded>
      {chosen.size > 0 && (
        <ChangeBar
          dataset={dataset.name}
          chosen={[...chosen]}
          back={behind.asked.kind === 'left_out'}
          onDone={changed}
          onCancel={() => setChosen(new Set())}
        />
      )}
    </Stack>
  );
}
