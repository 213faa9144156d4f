// Says calmly that the server does not answer, keeps asking, and goes away by itself.
import { Group, Loader, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { answerOf, client } from '@/client/client';
import { reach } from '@/client/reach';
import classes from './ServerAwayBanner.module.css';

const ASK_AGAIN_MS = 2_500;

export function useServerAway(): boolean {
  return useSyncExternalStore(reach.subscribe, reach.isAway);
}

export function ServerAwayBanner() {
  const away = useServerAway();
  const queryClient = useQueryClient();

  useEffect(() => {
    if (!away) return;
    const timer = setInterval(() => {
      answerOf(client.GET('/api/health')).then(
        () => void queryClient.invalidateQueries(),
        () => undefined, // still away: the next tick asks again
      );
    }, ASK_AGAIN_MS);
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
