// A row of figures with their names: "10,015 images · 7 classes".
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Figures.module.css';

export interface Figure {
  name: string;
  value: string;
  /** A smaller line below, such as the baseline. */
  note?: ReactNode;
}

export function Figures({ figures }: { figures: Figure[] }) {
  return (
    <dl className={classes.row}>
      {figures.map(({ name, value, note }) => (
        <div key={name} className={classes.figure}>
          <Text component="dt" size="sm" c="dimmed">
            {name}
          </Text>
          <Text component="dd" className={classes.value}>
            {value}
          </Text>
          {note !== undefined && (
            <Text component="dd" size="sm" c="dimmed" m={0} className="figures">
              {note}
            </Text>
          )}
        </div>
      ))}
    </dl>
  );
}
