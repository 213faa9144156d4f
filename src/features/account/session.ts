// Changes of who is there.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '@/client/client';
import { sessionQuery } from '@/client/queries';
import type { Session } from '@/client/records';

/** Keeps what the server answered, and forgets everything that another person had read. */
function useEntered() {
  const queryClient = useQueryClient();
  return (session: Session) => {
    queryClient.setQueryData(sessionQuery.queryKey, session);
    queryClient.removeQueries({
      predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0],
    });
  };
}

export function useSignIn() {
  return useMutation({
    mutationFn: (body: { name: string; password: string }) =>
      answerOf(client.POST('/api/session', { body })),
    onSuccess: useEntered(),
  });
}

export function useClaim() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; password: string; claim_code: string | null }) =>
      answerOf(client.POST('/api/claim', { body })),
    onSuccess: (session) => queryClient.setQueryData(sessionQuery.queryKey, session),
  });
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => answerOf(client.DELETE('/api/session')),
    onSuccess: useEntered(),
  });
}
