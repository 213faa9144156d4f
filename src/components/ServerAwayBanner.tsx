// Says calmly that the server does not answer, keeps asking, and goes away by itself.
import { Group, Loader, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { answerOf, client } from '@/client/client';
import { reach } from '@/client/reach';
import classes from './ServerAwayBanner.module.css';

const LOOK_EVERY_MS = 10_000;
const ASK_AGAIN_MS = 2_500;

export function useServerAway(): boolean {
  return useSyncExternalStore(reach.subscribe, reach.isAway);
}

export function ServerAwayBanner() {
  const away = useServerAway();
  const queryClient = useQueryClient();

  useEffect(() => {
    const look = () => {
      if (document.hidden) return;
      answerOf(client.GET('/api/health')).then(
        () => (away ? void queryClient.invalidateQueries() : undefined),
        () => undefined, // `reach` knows; the next tick asks again
      );
    };
    const timer = setInterval(look, away ? ASK_AGAIN_MS : LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [away, queryClient]);

  return (
    <div role="status" aria-live="polite">
      {away && (
        <Group className={classes.banner} gap="sm" justify="center" wrap="nowrap">
          <Loader size={16} color="currentColor" aria-hidden />
          <Text size="sm">
            The server does not answer. It may be restarting; this page keeps asking and goes on by
            itself.
          </Text>
        </Group>
      )}
    </div>
  );
}
