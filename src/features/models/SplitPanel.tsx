// How many images and lesions each part of the split holds.
import { Table, Text } from '@mantine/core';
import { Panel } from '@/components/Panel';
import { formatCount, NONE } from '@/lib/format';
import type { Report } from './report';

const GROUPS: Record<string, string> = { lesion: 'Lesions', patient: 'Patients' };

export function SplitPanel({ report }: { report: Report }) {
  if (report.parts.length === 0) return null;
  const groups = report.groupedBy === null ? undefined : GROUPS[report.groupedBy];
  return (
    <Panel title="Split">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Part</Table.Th>
            <Table.Th ta="right">Images</Table.Th>
            {groups !== undefined && <Table.Th ta="right">{groups}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {report.parts.map(({ part, images, lesions }) => (
            <Table.Tr key={part}>
              <Table.Th scope="row" fw={500}>
                {part}
              </Table.Th>
              <Table.Td ta="right">{images === null ? NONE : formatCount(images)}</Table.Td>
              {groups !== undefined && (
                <Table.Td ta="right">{lesions === null ? NONE : formatCount(lesions)}</Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" mt="sm">
        {groups === undefined
          ? 'The data names no lesions, so every image counts as its own.'
          : `All images of one ${report.groupedBy ?? ''} are in the same part.`}
        {report.leftOut.length > 0 &&
          ` Left out, too small to split: ${report.leftOut.join(', ')}.`}
      </Text>
    </Panel>
  );
}
