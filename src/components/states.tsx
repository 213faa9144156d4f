// What stands in place of a list or a page that is empty, still coming, or refused.
import { Alert, Box, Button, Group, Skeleton, Stack, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sentenceOf, ServerAway } from '@/client/refusal';
import { Panel } from './Panel';

/** Grey lines in the place of what is coming. */
export function Loading({ label, lines = 3 }: { label: string; lines?: number }) {
  return (
    <Panel>
      <Stack gap="md" role="status" aria-label={label}>
        {Array.from({ length: lines }, (_, index) => (
          <Skeleton key={index} height={20} width={`${95 - ((index * 23) % 50)}%`} />
        ))}
      </Stack>
    </Panel>
  );
}

interface EmptyProps {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  actions?: ReactNode;
}

/** Nothing here yet, and what to do about it. */
export function Empty({ icon, title, children, actions }: EmptyProps) {
  return (
    <Panel>
      <Stack align="center" gap="sm" py="xl" ta="center">
        <ThemeIcon size={56} radius="xl" variant="light">
          {icon}
        </ThemeIcon>
        <Title order={2} size="h3">
          {title}
        </Title>
        <Box maw={520} c="dimmed">
          {children}
        </Box>
        {actions !== undefined && (
          <Group mt="xs" justify="center">
            {actions}
          </Group>
        )}
      </Stack>
    </Panel>
  );
}

/** A refusal in the server's words, near what caused it. */
export function Refused({ error, title }: { error: unknown; title?: string }) {
  return (
    <Alert
      color={error instanceof ServerAway ? 'yellow' : 'red'}
      role="alert"
      title={title}
      icon={<IconAlertTriangle aria-hidden />}
      style={{ overflowWrap: 'anywhere' }}
    >
      {sentenceOf(error)}
    </Alert>
  );
}

/** A page or list that could not be read, with a way to try again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <Panel>
      <Stack align="flex-start">
        <Refused error={error} />
        <Button variant="default" leftSection={<IconRefresh size={18} />} onClick={onRetry}>
          Try again
        </Button>
      </Stack>
    </Panel>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  /** What is being read, for those who cannot see the grey lines. */
  label: string;
  lines?: number;
  children: (data: T) => ReactNode;
}

/** Shows a query in whichever state it is. Old data stays while new data cannot be had. */
export function Loaded<T>({ query, label, lines, children }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading label={label} lines={lines} />;
}
