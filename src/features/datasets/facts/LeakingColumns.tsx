// Columns that give the diagnosis away: their values, the classes behind each, and the images.
import { Code, Stack, Text, Title } from '@mantine/core';
import type { LeakingColumn } from '@/client/records';
import { formatCount, formatNumberOf, formatShare } from '@/lib/format';
import { NumberRow } from './NumberRow';
import { useShowImages } from './showImages';
import classes from './Facts.module.css';

const CLASSES_NAMED = 3;

export function LeakingColumns({ columns }: { columns: LeakingColumn[] }) {
  if (columns.length === 0) return null;
  return (
    <section aria-label="Columns that give the diagnosis away">
      <Title order={3} size="h5">
        Columns that give the diagnosis away
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        They are never learnt from.
      </Text>
      <Stack gap="lg">
        {columns.map((column) => (
          <Column key={column.column} column={column} />
        ))}
      </Stack>
    </section>
  );
}

function Column({ column }: { column: LeakingColumn }) {
  const showImages = useShowImages();
  const { column: name, values, different } = column;
  const more = different - values.length;
  return (
    <div>
      <Code fz="sm">{name}</Code>
      <Text size="sm" c="dimmed" mt={4}>
        {sentenceOf(column)}
      </Text>
      <ul className={`${classes.rows} ${classes.values}`}>
        {values.map(({ value, images, labels }) => {
          const note = classesOf(labels);
          const title = `${name}: ${value}`;
          const asked = { column: name, value };
          return (
            <li key={value}>
              <NumberRow
                name={value}
                note={note}
                count={formatNumberOf(images, 'image')}
                onOpen={() => showImages({ title, note, asked })}
              />
            </li>
          );
        })}
      </ul>
      {more > 0 && (
        <Text size="sm" c="dimmed">
          And {formatNumberOf(more, 'more value')}.
        </Text>
      )}
    </div>
  );
}

function sentenceOf({ different, guessed, commonest }: LeakingColumn): string {
  if (different === 0) return 'Left in the table: its values are not kept with the images.';
  return `Its value alone would name the class of ${formatShare(guessed)} of the images; always naming the commonest class, ${formatShare(commonest)}.`;
}

/** "nv 3,704, mel 12 and 2 more classes". */
function classesOf(labels: LeakingColumn['values'][number]['labels']): string {
  const named = labels.slice(0, CLASSES_NAMED);
  const rest = labels.length - named.length;
  const list = named.map(({ label, images }) => `${label} ${formatCount(images)}`).join(', ');
  return rest === 0 ? list : `${list} and ${formatNumberOf(rest, 'more class', 'more classes')}`;
}
