// The test figures by age, sex, body site and whatever else the metadata names.
import { Badge, Group, Table, Text } from '@mantine/core';
import { Fragment } from 'react';
import { Panel } from '@/components/Panel';
import { formatCount } from '@/lib/format';
import type { Subgroup } from './evidence';
import { Figured } from './Figured';

/** Columns whose name is not yet a word. */
const COLUMNS: Record<string, string | undefined> = { dx_type: 'kind of confirmation' };

export function SubgroupsPanel({ groups }: { groups: Subgroup[] }) {
  if (groups.length === 0) return null;
  const columns = [...new Set(groups.map((group) => group.column))];
  return (
    <Panel title="By group">
      <Table.ScrollContainer minWidth={480}>
        <Table verticalSpacing={6} horizontalSpacing="xs" aria-label="Figures of groups of images">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Group</Table.Th>
              <Table.Th ta="right">Images</Table.Th>
              <Table.Th ta="right">Lesions</Table.Th>
              <Table.Th ta="right">Balanced accuracy</Table.Th>
              <Table.Th ta="right">Accuracy</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {columns.map((column) => (
              <Fragment key={column}>
                <Table.Tr>
                  <Table.Th colSpan={5} scope="colgroup" c="dimmed" fw={520} pt="md">
                    {COLUMNS[column] ?? column.replaceAll('_', ' ')}
                  </Table.Th>
                </Table.Tr>
                {groups
                  .filter((group) => group.column === column)
                  .map((group) => (
                    <GroupRow key={group.value} group={group} />
                  ))}
              </Fragment>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed" mt="sm">
        Small groups are marked: their figures say little. Groups differ in which classes they hold,
        so compare them with care.
      </Text>
    </Panel>
  );
}

function GroupRow({ group }: { group: Subgroup }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={560}>
        <Group gap="xs">
          {group.value}
          {group.small && (
            <Badge size="sm" variant="light" color="gray" tt="none">
              small
            </Badge>
          )}
        </Group>
      </Table.Th>
      <Table.Td ta="right">{formatCount(group.images)}</Table.Td>
      <Table.Td ta="right">{group.lesions === null ? '' : formatCount(group.lesions)}</Table.Td>
      <Table.Td ta="right">
        <Figured estimate={group.balancedAccuracy} samples={group.images} share />
      </Table.Td>
      <Table.Td ta="right">
        <Figured estimate={group.accuracy} samples={group.images} share />
      </Table.Td>
    </Table.Tr>
  );
}
