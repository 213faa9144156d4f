// The answer of a comparison: the sentence first, then what it rests on.
import { Alert, List, Stack, Table, Text } from '@mantine/core';
import { IconEqualNot, IconInfoCircle } from '@tabler/icons-react';
import type { ModelComparison } from '@/client/records';
import { LinkText } from '@/components/links';
import { Panel } from '@/components/Panel';
import { formatNumberOf, formatP } from '@/lib/format';
import { DifferenceTable } from './DifferenceTable';

const FIGURE_NAMES: Record<string, string> = {
  balanced_accuracy: 'Balanced accuracy',
  macro_auc: 'Macro AUC',
  accuracy: 'Accuracy',
  macro_f1: 'Macro F1',
};

export function ComparisonResult({ comparison }: { comparison: ModelComparison }) {
  const { sentence, shown, figures, sensitivities } = comparison;
  return (
    <Stack gap="lg">
      <Alert
        color={shown ? 'petrol' : 'gray'}
        icon={shown ? <IconEqualNot aria-hidden /> : <IconInfoCircle aria-hidden />}
        role="note"
        title={shown ? 'A difference is shown' : undefined}
      >
        <Text fw={560} style={{ overflowWrap: 'anywhere' }}>
          {sentence}
        </Text>
      </Alert>
      <Sides models={comparison.models} />
      <Panel title="Differences">
        <DifferenceTable
          label="Headline figures of both sides"
          rows={figures.map((row) => ({ ...row, figure: FIGURE_NAMES[row.figure] ?? row.figure }))}
        />
        <McNemar comparison={comparison} />
      </Panel>
      <Panel title="Sensitivity by class">
        <DifferenceTable label="Sensitivity of both sides by class" rows={sensitivities} />
      </Panel>
      <Reading comparison={comparison} />
      <Settings rows={comparison.settings} />
    </Stack>
  );
}

function Sides({ models }: { models: ModelComparison['models'] }) {
  return (
    <Panel>
      {(['a', 'b'] as const).map((side) => (
        <Text key={side} style={{ overflowWrap: 'anywhere' }}>
          <Text span fw={620}>
            {side.toUpperCase()}
          </Text>{' '}
          {models[side].map((name, place) => (
            <span key={name}>
              {place > 0 && ', '}
              <LinkText to="/models/$name" params={{ name }}>
                {name}
              </LinkText>
            </span>
          ))}
        </Text>
      ))}
    </Panel>
  );
}

function McNemar({ comparison }: { comparison: ModelComparison }) {
  const { for_a, for_b, same, p } = comparison.mcnemar;
  return (
    <Text size="sm" c="dimmed" mt="md">
      Balanced accuracy decides; the other figures are there to look at. By lesion, A answered more
      photographs rightly on {formatNumberOf(for_a, 'lesion')}, B on{' '}
      {formatNumberOf(for_b, 'lesion')}, and both as many on {formatNumberOf(same, 'lesion')}{' '}
      (McNemar’s exact test of this: p {formatP(p)}).
    </Text>
  );
}

function Reading({ comparison }: { comparison: ModelComparison }) {
  const { lesions, images, test_parts, left_out, notes } = comparison;
  const parts = test_parts > 1 ? ` of ${formatNumberOf(test_parts, 'test part')}` : '';
  return (
    <Panel title="What it rests on">
      <List spacing="xs" style={{ overflowWrap: 'anywhere' }}>
        <List.Item>
          {formatNumberOf(images, 'image')} of {formatNumberOf(lesions, 'lesion')}
          {parts} that both sides were tested on and neither had seen.
        </List.Item>
        {[...left_out, ...notes].map((sentence) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
    </Panel>
  );
}

function Settings({ rows }: { rows: ModelComparison['settings'] }) {
  return (
    <Panel title="Made differently">
      {rows.length === 0 ? (
        <Text c="dimmed">Both sides were made with the same settings.</Text>
      ) : (
        <Table.ScrollContainer minWidth={320}>
          <Table aria-label="Settings that differ" verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Setting</Table.Th>
                <Table.Th>A</Table.Th>
                <Table.Th>B</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ name, a, b }) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row" fw={500}>
                    {titled(name)}
                  </Table.Th>
                  <Table.Td>{a.join(', ')}</Table.Td>
                  <Table.Td>{b.join(', ')}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Panel>
  );
}

/** "fine_tune_epochs" → "Fine tune epochs". */
function titled(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1).replaceAll('_', ' ');
}
