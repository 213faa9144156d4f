// The door of the lab: in, claim, or sign in, as the server says.
import { Center, Loader, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { SIGNED_OUT } from '@/client/client';
import { sessionQuery } from '@/client/queries';
import { ServerAwayBanner } from '@/components/ServerAwayBanner';
import { Refused } from '@/components/states';
import { ClaimForm } from './ClaimForm';
import { DoorFrame } from './DoorFrame';
import { SignIn } from './SignIn';

export function Door({ children }: { children: ReactNode }) {
  const session = useQuery(sessionQuery);
  useAskAgainWhenSignedOut();

  if (session.data?.person) return <>{children}</>;
  if (session.data) {
    return (
      <DoorFrame message={session.data.message}>
        {session.data.claimed ? <SignIn /> : <ClaimForm codeNeeded={!session.data.local} />}
      </DoorFrame>
    );
  }
  return (
    <>
      <ServerAwayBanner />
      <Center mih="90dvh" p="md">
        {session.isError ? (
          <Stack maw={460}>
            <Refused error={session.error} />
          </Stack>
        ) : (
          <Stack align="center" role="status">
            <Loader aria-hidden />
            <Text c="dimmed">Opening the lab…</Text>
          </Stack>
        )}
      </Center>
    </>
  );
}

function useAskAgainWhenSignedOut() {
  const queryClient = useQueryClient();
  useEffect(() => {
    const ask = () => void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
    window.addEventListener(SIGNED_OUT, ask);
    return () => window.removeEventListener(SIGNED_OUT, ask);
  }, [queryClient]);
}
