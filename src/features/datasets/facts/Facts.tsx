// What stands out in a dataset, each number with the images behind it.
import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetFacts, DatasetSummary } from '@/client/records';
import { Panel } from '@/components/Panel';
import { Failed, Loading } from '@/components/states';
import { formatNumberOf } from '@/lib/format';
import { countOf, KIND, SECTIONS, type Section } from './kinds';
import { LeakingColumns } from './LeakingColumns';
import { LookNow } from './LookNow';
import { NumberRow } from './NumberRow';
import { factsQuery } from './queries';
import { useShowImages } from './showImages';
import classes from './Facts.module.css';

export function Facts({ dataset }: { dataset: DatasetSummary }) {
  const query = useQuery(factsQuery(dataset));
  if (query.isError && !query.data) {
    return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (!query.data) return <Loading label="Reading the facts" lines={5} />;
  const facts = query.data;
  return (
    <Panel title="What stands out">
      <Stack gap="lg">
        {facts.state !== 'done' && <LookNow dataset={dataset} facts={facts} />}
        <div className={classes.sections}>
          {SECTIONS.map((section) => (
            <FactSection key={section.title} section={section} facts={facts} />
          ))}
        </div>
        <LeakingColumns columns={facts.leaking_columns} />
        {facts.state === 'done' && <Method facts={facts} />}
      </Stack>
    </Panel>
  );
}

function FactSection({ section, facts }: { section: Section; facts: DatasetFacts }) {
  const showImages = useShowImages();
  const known = section.kinds.flatMap((kind) => facts.facts.filter((fact) => fact.kind === kind));
  if (known.length === 0) return null;
  return (
    <section aria-label={section.title}>
      <Title order={3} size="h5" mb={4}>
        {section.title}
      </Title>
      <ul className={classes.rows}>
        {known.map(({ kind, groups }) => {
          const { name, note, grave } = KIND[kind];
          const title = section.named ? `${section.title}: ${name.toLowerCase()}` : name;
          return (
            <li key={kind}>
              <NumberRow
                name={name}
                note={note}
                count={groups === 0 ? null : countOf(kind, groups)}
                grave={grave}
                onOpen={() => showImages({ title, note, asked: { kind } })}
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Method({ facts }: { facts: DatasetFacts }) {
  const few = facts.sharpness === null && facts.brightness === null;
  const left = facts.not_measured;
  return (
    <Stack gap={4} maw={860}>
      <Text size="sm" c="dimmed">
        {few
          ? 'There are too few images, or they are too much alike, to say which stand out. '
          : 'An image stands out when it lies more than 3.5 robust standard deviations from the median of this dataset (modified z-score). '}
        Sharpness is the variance of the Laplacian at 224 × 224 pixels, so that images of all sizes
        compare.
        {left > 0 &&
          ` ${formatNumberOf(left, 'image')} with too many pixels could not be measured.`}
      </Text>
      <Text size="sm" c="dimmed">
        {facts.compared
          ? 'Nearly the same means the same picture as a whole: its coarse light and dark agree, in any of the eight ways to turn and mirror it. Crops and second photographs are not found here; the leak audit before every training looks deeper.'
          : 'There are too many images to compare all of them here; the leak audit before every training does.'}
      </Text>
    </Stack>
  );
}
