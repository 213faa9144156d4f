// Which layout was recognised and why, what is worth knowing of it, and what gives the answer away.
import { Badge, Group, Stack, Text } from '@mantine/core';
import type { DatasetSummary } from '@/client/records';
import { layoutName } from './words';

type Understood = Pick<DatasetSummary, 'layout' | 'layout_reason' | 'notes' | 'leaking_columns'>;

export function Recognised({ dataset }: { dataset: Understood }) {
  const { layout, layout_reason, notes, leaking_columns } = dataset;
  return (
    <Stack gap="xs">
      <Text>
        <Text span fw={600}>
          {layoutName(layout)}.
        </Text>{' '}
        {layout_reason}
      </Text>
      {notes.map((note) => (
        <Text key={note} c="dimmed">
          {note}
        </Text>
      ))}
      {leaking_columns.length > 0 && <Leaking columns={leaking_columns} />}
    </Stack>
  );
}

function Leaking({ columns }: { columns: string[] }) {
  const one = columns.length === 1;
  return (
    <div>
      <Text c="dimmed">
        {one ? 'This column gives' : 'These columns give'} the diagnosis away and{' '}
        {one ? 'is' : 'are'} never learnt from:
      </Text>
      <Group gap={6} mt={6} component="ul" p={0} m={0}>
        {columns.map((column) => (
          <Badge key={column} component="li" variant="light" color="gray" tt="none" fw={540}>
            {column}
          </Badge>
        ))}
      </Group>
    </div>
  );
}
