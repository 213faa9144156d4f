// What the columns of a dataset's tables mean, told by a person when no known layout fits.
import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, client } from '@/client/client';
import { datasetQuery, datasetsQuery, tablesQuery } from '@/client/queries';
import type { ColumnRoles, DatasetSummary, DatasetTable } from '@/client/records';
import { Panel } from '@/components/Panel';
import { Refused } from '@/components/states';
import { ColumnList } from './ColumnList';
import { firstTable, whyNotYet } from './columnRoles';

export function ChooseColumns({ dataset }: { dataset: DatasetSummary }) {
  const { data: tables = [] } = useQuery(tablesQuery(dataset.name, dataset.updated_at));
  const [opened, setOpened] = useState(false);
  const [path, setPath] = useState<string | null>(null);
  const table = tables.find((each) => each.path === path) ?? firstTable(tables);
  if (table === undefined) return null;
  const needed = !dataset.trainable;
  return (
    <Panel title="Columns of the table">
      {needed || opened ? (
        <Stack>
          <Text c="dimmed">{leadOf(table)}</Text>
          {tables.length > 1 && (
            <Select
              label="Table"
              data={tables.map((each) => each.path)}
              value={table.path}
              onChange={setPath}
              allowDeselect={false}
              maw={420}
            />
          )}
          {/* a choice that was kept comes back as the table's own roles: begin with them */}
          <RolesForm
            key={`${table.path} ${dataset.updated_at}`}
            name={dataset.name}
            table={table}
            onDone={() => setOpened(false)}
            canLeave={!needed}
          />
        </Stack>
      ) : (
        <Group justify="space-between">
          <Text c="dimmed">
            {table.by_hand
              ? 'What the columns mean was chosen by hand.'
              : 'Not read as you mean it? Say yourself what the columns mean.'}
          </Text>
          <Button variant="default" onClick={() => setOpened(true)}>
            Choose columns
          </Button>
        </Group>
      )}
    </Panel>
  );
}

function leadOf({ path, understood, by_hand }: DatasetTable): string {
  if (by_hand) return `What the columns of ${path} mean was chosen by hand.`;
  return understood
    ? `This is how the columns of ${path} were read. Change what is not as you mean it.`
    : `The columns of ${path} were not understood. Say what they mean; a guess is filled in. Nothing has to be uploaded again.`;
}

interface RolesFormProps {
  name: string;
  table: DatasetTable;
  onDone: () => void;
  /** The dataset is of use without a choice, so the form may be closed again. */
  canLeave: boolean;
}

function RolesForm({ name, table, onDone, canLeave }: RolesFormProps) {
  const [roles, setRoles] = useState(table.roles);
  const { act, busy, error } = useActing(name, onDone);
  const missing = whyNotYet(roles);
  return (
    <Stack>
      <ColumnList columns={table.columns} roles={roles} onChange={setRoles} />
      {error !== null && <Refused error={error} title="Nothing was changed" />}
      <Group>
        <Button
          disabled={missing !== null}
          loading={busy}
          onClick={() => act(() => choose(name, table.path, roles))}
        >
          Read the dataset by these columns
        </Button>
        {table.by_hand && (
          <Button
            variant="default"
            disabled={busy}
            onClick={() => act(() => takeBack(name, table.path))}
          >
            Go back to the column names
          </Button>
        )}
        {canLeave && (
          <Button variant="subtle" disabled={busy} onClick={onDone}>
            Leave it as it is
          </Button>
        )}
        {missing !== null && <Text c="dimmed">{missing}</Text>}
      </Group>
    </Stack>
  );
}

/** Sends a change, and shows the dataset as it was read again. */
function useActing(name: string, onDone: () => void) {
  const queryClient = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = (send: () => Promise<DatasetSummary>) => {
    setBusy(true);
    setError(null);
    send()
      .then(
        (summary) => {
          queryClient.setQueryData(datasetQuery(name).queryKey, summary);
          void queryClient.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
          onDone();
        },
        (refusal: unknown) => setError(refusal),
      )
      .finally(() => setBusy(false));
  };
  return { act, busy, error };
}

function choose(name: string, table: string, roles: ColumnRoles) {
  const params = { path: { name } };
  return answerOf(client.PUT('/api/datasets/{name}/columns', { params, body: { table, roles } }));
}

function takeBack(name: string, table: string) {
  const params = { path: { name }, query: { table } };
  return answerOf(client.DELETE('/api/datasets/{name}/columns', { params }));
}
