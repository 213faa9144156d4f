// A surface that holds one thing, with an optional heading.
import { Box, Group, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Panel.module.css';

interface PanelProps {
  title?: string;
  /** What stands at the right of the heading. */
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Panel({ title, aside, children, className }: PanelProps) {
  return (
    <Box component="section" className={`${classes.panel} ${className ?? ''}`} aria-label={title}>
      {title !== undefined && (
        <Group justify="space-between" align="baseline" mb="md" gap="xs">
          <Title order={2} size="h4">
            {title}
          </Title>
          {aside}
        </Group>
      )}
      {children}
    </Box>
  );
}
