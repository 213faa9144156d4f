// The columns of a table, each with three of its values and what it means.
import { Button, Select, Text } from '@mantine/core';
import { useState } from 'react';
import type { ColumnRoles, DatasetTable } from '@/client/records';
import { formatCount } from '@/lib/format';
import { roleOf, ROLES, withRole } from './columnRoles';
import classes from './ColumnList.module.css';

interface ColumnListProps {
  columns: DatasetTable['columns'];
  roles: ColumnRoles;
  onChange: (roles: ColumnRoles) => void;
}

const AT_FIRST = 14;

export function ColumnList({ columns, roles, onChange }: ColumnListProps) {
  const [all, setAll] = useState(columns.length <= AT_FIRST);
  // what was guessed stays in sight, however far down the table it stands
  const [guessed] = useState(() => new Set(Object.values(roles)));
  const shown = all
    ? columns
    : columns.filter(({ name }, place) => place < AT_FIRST - guessed.size || guessed.has(name));
  return (
    <div>
      <ul className={classes.columns}>
        {shown.map(({ name, samples }) => (
          <li key={name} className={classes.column}>
            <div className={classes.what}>
              <Text fw={560} className={classes.name}>
                {name}
              </Text>
              <Text size="sm" c="dimmed" className={classes.samples}>
                {samples.length === 0 ? 'empty' : samples.join(' · ')}
              </Text>
            </div>
            <Select
              aria-label={`Meaning of ${name}`}
              placeholder="none of these"
              data={ROLES}
              value={roleOf(roles, name)}
              clearable
              onChange={(role) => onChange(withRole(roles, name, role))}
            />
          </li>
        ))}
      </ul>
      {!all && (
        <Button variant="subtle" size="compact-sm" mt="xs" onClick={() => setAll(true)}>
          Show all {formatCount(columns.length)} columns
        </Button>
      )}
    </div>
  );
}
