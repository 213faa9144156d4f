// The frame of every page: its heading, what one can do there, and the title of the tab.
import { Box, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

interface PageProps {
  title: string;
  /** Title of the browser tab, where it says more than the heading. */
  tabTitle?: string;
  /** One line below the heading. */
  lead?: ReactNode;
  /** Small print above the heading: where this page belongs. */
  above?: ReactNode;
  beside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, tabTitle, lead, above, beside, actions, children }: PageProps) {
  useDocumentTitle(`${tabTitle ?? title} · DermaScan`);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end" gap="md">
        <Box maw={760} miw={0}>
          {above}
          <Group gap="sm" align="center">
            <Title order={1} size="h2" style={{ overflowWrap: 'anywhere' }}>
              {title}
            </Title>
            {beside}
          </Group>
          {lead !== undefined && (
            <Text c="dimmed" mt={4} component="div" style={{ textWrap: 'pretty' }}>
              {lead}
            </Text>
          )}
        </Box>
        {Boolean(actions) && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
