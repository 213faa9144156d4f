// The calm room in front of the lab.
import { Box, Center, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ColourSchemeButton } from '@/components/ColourSchemeButton';
import { Logo } from '@/components/Logo';
import { Panel } from '@/components/Panel';
import { ServerAwayBanner } from '@/components/ServerAwayBanner';

export function DoorFrame({ message, children }: { message: string; children: ReactNode }) {
  return (
    <Box mih="100dvh">
      <ServerAwayBanner />
      <Center component="main" mih="92dvh" p="md">
        <Stack w="100%" maw={440} gap="lg">
          <Group justify="space-between">
            <Logo size={36} />
            <ColourSchemeButton />
          </Group>
          <Panel>{children}</Panel>
          <Text size="sm" c="dimmed" ta="center">
            {message}
          </Text>
        </Stack>
      </Center>
    </Box>
  );
}
