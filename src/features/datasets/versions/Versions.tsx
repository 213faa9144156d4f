// The versions of a dataset, newest first: what changed, by whom and when, and the way back.
import { Badge, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DatasetSummary, DatasetVersion } from '@/client/records';
import { AskOnce } from '@/components/AskOnce';
import { Panel } from '@/components/Panel';
import { Loaded } from '@/components/states';
import { formatCount, formatDateTime, formatNumberOf } from '@/lib/format';
import { useShowImages } from '../facts/showImages';
import { restoreVersion, useShownAnew, versionsQuery } from './changes';
import classes from './Versions.module.css';

const AT_FIRST = 5;

export function Versions({ dataset }: { dataset: DatasetSummary }) {
  const query = useQuery(versionsQuery(dataset.name, dataset.updated_at));
  const showImages = useShowImages();
  const [all, setAll] = useState(false);
  const leftOut = query.data?.versions.find(({ current }) => current)?.left_out ?? 0;
  return (
    <Panel
      title="Versions"
      aside={
        leftOut > 0 && (
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => showImages({ title: 'Left out', asked: { kind: 'left_out' } })}
          >
            See what is left out
          </Button>
        )
      }
    >
      <Loaded query={query} label="Reading the versions">
        {({ versions }) => (
          <>
            <ol className={classes.list}>
              {(all ? versions : versions.slice(0, AT_FIRST)).map((version) => (
                <Version key={version.number} dataset={dataset.name} version={version} />
              ))}
            </ol>
            {!all && versions.length > AT_FIRST && (
              <Button variant="subtle" size="compact-sm" mt="xs" onClick={() => setAll(true)}>
                Show all {formatCount(versions.length)} versions
              </Button>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Version({ dataset, version }: { dataset: string; version: DatasetVersion }) {
  const showAnew = useShownAnew(dataset);
  const { number, current, reason, by, created_at: at } = version;
  return (
    <li className={classes.version} aria-current={current || undefined}>
      <div className={classes.words}>
        <Group gap="xs">
          <Text fw={620} className="figures">
            Version {number}
          </Text>
          {current && (
            <Badge variant="light" tt="none">
              current
            </Badge>
          )}
        </Group>
        <Text className={classes.reason}>{reason}</Text>
        <Text size="sm" c="dimmed" className="figures">
          <time dateTime={at}>{formatDateTime(at)}</time>
          {by != null && ` by ${by}`} · {contentOf(version)}
        </Text>
      </div>
      {!current && (
        <AskOnce
          label="Restore"
          aria-label={`Restore version ${number}`}
          size="compact-sm"
          flex="none"
          question={`Go back to version ${number}?`}
          explanation={`The dataset will be ${contentOf(version)} again. Later versions stay, and lead back here.`}
          confirm={`Restore version ${number}`}
          confirmColour="petrol"
          keep="Stay"
          onConfirm={async () => {
            await restoreVersion(dataset, number);
            await showAnew();
          }}
        />
      )}
    </li>
  );
}

/** "8,546 images of 7 classes, 2 left out". */
function contentOf({ images, classes: counts, left_out, relabelled }: DatasetVersion): string {
  const parts = [
    `${formatNumberOf(images, 'image')} of ${formatNumberOf(Object.keys(counts).length, 'class', 'classes')}`,
    left_out > 0 ? `${formatCount(left_out)} left out` : null,
    relabelled > 0 ? `${formatCount(relabelled)} labelled otherwise` : null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
