// All images of a dataset: seek, look closer, choose, leave out or label otherwise.
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconPhotoSearch } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { datasetQuery } from '@/client/queries';
import type { DatasetSummary } from '@/client/records';
import { LinkText } from '@/components/links';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Loaded, Refused } from '@/components/states';
import { formatNumberOf } from '@/lib/format';
import { ChangeBar } from '../versions/ChangeBar';
import { ChangeDone, type Changed } from '../versions/ChangeDone';
import { ImageGrid } from './ImageGrid';
import { idsOf } from './queries';
import { SeekImages } from './SeekImages';
import { isAnything, soughtOf, type Sought } from './sought';
import { useTotal } from './useImages';
import { Viewer } from './Viewer';
import classes from './ImagesPage.module.css';

const route = getRouteApi('/datasets/$name/images');

export function ImagesPage() {
  const { name } = route.useParams();
  const query = useQuery(datasetQuery(name));
  return (
    <Page
      title="Images"
      tabTitle={`Images of ${name}`}
      above={
        <LinkText to="/datasets/$name" params={{ name }}>
          {name}
        </LinkText>
      }
    >
      <Loaded query={query} label={`Reading ${name}`} lines={6}>
        {(dataset) => <Gallery dataset={dataset} />}
      </Loaded>
    </Page>
  );
}

function Gallery({ dataset }: { dataset: DatasetSummary }) {
  const sought = soughtOf(route.useSearch());
  const navigate = route.useNavigate();
  const query = useTotal(dataset, sought);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [done, setDone] = useState<Changed | null>(null);
  const [place, setPlace] = useState<number | null>(null);
  const [round, setRound] = useState(0);
  const seek = (next: Sought) => {
    setChosen(new Set());
    return navigate({ search: next, replace: true });
  };
  const showAll = async () => {
    await seek({});
    setRound((before) => before + 1);
  };
  const choose = (ids: string[], now: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) {
      if (now) next.add(id);
      else next.delete(id);
    }
    setChosen(next);
    setDone(null);
  };
  const changed = (now: Changed) => {
    setChosen(new Set());
    setDone(now);
  };
  return (
    <Stack gap="lg">
      <Panel>
        <SeekImages
          key={round}
          dataset={dataset}
          sought={sought}
          onSeek={(next) => void seek(next)}
          onShowAll={() => void showAll()}
        />
      </Panel>
      {done !== null && <ChangeDone dataset={dataset.name} changed={done} onDone={changed} />}
      <Loaded query={query} label="Reading the images" lines={8}>
        {(total) =>
          total === 0 ? (
            <NoImages sought={sought} onShowAll={() => void showAll()} />
          ) : (
            <>
              <Total
                dataset={dataset.name}
                sought={sought}
                total={total}
                onChoose={(ids) => choose(ids, true)}
              />
              <ImageGrid
                dataset={dataset}
                sought={sought}
                total={total}
                chosen={chosen}
                onChoose={choose}
                onOpen={setPlace}
              />
              <Viewer
                dataset={dataset}
                sought={sought}
                total={total}
                place={place}
                onPlace={setPlace}
              />
            </>
          )
        }
      </Loaded>
      {chosen.size > 0 && (
        <div className={classes.bar}>
          <ChangeBar
            dataset={dataset.name}
            chosen={[...chosen]}
            back={sought.fact === 'left_out'}
            onDone={changed}
            onCancel={() => setChosen(new Set())}
          />
        </div>
      )}
    </Stack>
  );
}

interface TotalProps {
  dataset: string;
  sought: Sought;
  total: number;
  onChoose: (ids: string[]) => void;
}

function Total({ dataset, sought, total, onChoose }: TotalProps) {
  const all = useMutation({ mutationFn: () => idsOf(dataset, sought), onSuccess: onChoose });
  return (
    <>
      {all.isError && <Refused error={all.error} />}
      <Group justify="space-between" gap="xs">
        <Text className="figures" fw={560} role="status">
          {formatNumberOf(total, 'image')}
          {isAnything(sought) && ' found'}
        </Text>
        <Button
          variant="subtle"
          size="compact-sm"
          loading={all.isPending}
          onClick={() => all.mutate()}
        >
          Choose all
        </Button>
      </Group>
    </>
  );
}

function NoImages({ sought, onShowAll }: { sought: Sought; onShowAll: () => void }) {
  if (!isAnything(sought)) {
    return (
      <Empty icon={<IconPhotoSearch size={28} aria-hidden />} title="No images">
        This dataset has no image that could be used.
      </Empty>
    );
  }
  return (
    <Empty
      icon={<IconPhotoSearch size={28} aria-hidden />}
      title="No image fits"
      actions={<Button onClick={onShowAll}>Show all images</Button>}
    >
      No image of this dataset fits everything that is sought.
    </Empty>
  );
}
