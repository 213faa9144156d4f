// Everything that is wrong with a dataset, by kind, each with its file and row.
import { Accordion, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { DatasetProblem } from '@/client/records';
import { Panel } from '@/components/Panel';
import { formatCount } from '@/lib/format';
import { problemsByKind, type ProblemGroup } from './problemGroups';
import { problemName } from './words';
import classes from './Problems.module.css';

interface ProblemsProps {
  problems: DatasetProblem[];
  counts: Partial<Record<string, number>>;
}

export function Problems({ problems, counts }: ProblemsProps) {
  const groups = problemsByKind(problems, counts);
  return (
    <Panel title="Problems">
      {groups.length === 0 ? (
        <Text c="dimmed">None found: every file was understood.</Text>
      ) : (
        <Accordion multiple variant="separated" order={3}>
          {groups.map((group) => (
            <Accordion.Item key={group.kind} value={group.kind}>
              <Accordion.Control>
                <Group justify="space-between" wrap="nowrap" pr="sm">
                  <Text fw={540}>{problemName(group.kind)}</Text>
                  <Badge variant="light" color="yellow" className="figures" flex="none">
                    {formatCount(group.count)}
                  </Badge>
                </Group>
              </Accordion.Control>
              <Accordion.Panel>
                <ProblemList group={group} />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      )}
    </Panel>
  );
}

const AT_FIRST = 20;

function ProblemList({ group }: { group: ProblemGroup }) {
  const [all, setAll] = useState(false);
  const shown = all ? group.problems : group.problems.slice(0, AT_FIRST);
  return (
    <>
      <Stack component="ul" gap="sm" className={classes.problems}>
        {shown.map((problem, index) => (
          <li key={index}>
            <Text size="sm" fw={560} className="figures">
              {placeOf(problem)}
            </Text>
            <Text size="sm" c="dimmed">
              {problem.message}
            </Text>
          </li>
        ))}
      </Stack>
      {shown.length < group.problems.length && (
        <Button variant="subtle" size="compact-sm" mt="xs" onClick={() => setAll(true)}>
          Show all {formatCount(group.problems.length)}
        </Button>
      )}
      {all && group.problems.length < group.count && (
        <Text size="sm" c="dimmed" mt="xs">
          And {formatCount(group.count - group.problems.length)} more of this kind.
        </Text>
      )}
    </>
  );
}

function placeOf({ file, row, label }: DatasetProblem): string {
  const parts = [file, row != null ? `row ${row}` : null, file == null && label ? label : null];
  return parts.filter((part) => part != null).join(', ') || 'the whole dataset';
}
