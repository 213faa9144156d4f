// Make the first account: name and password, and from another computer the code of the log.
import { Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { Refused } from '@/components/states';
import { useClaim } from './session';

const SHORTEST_PASSWORD = 8;

interface ClaimFormProps {
  codeNeeded: boolean;
  /** Whether the form stands in a window that has its own heading. */
  bare?: boolean;
  onClaimed?: () => void;
}

export function ClaimForm({ codeNeeded, bare = false, onClaimed }: ClaimFormProps) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [tried, setTried] = useState(false);
  const claim = useClaim();
  const tooShort = password.length < SHORTEST_PASSWORD;

  const submit = () => {
    setTried(true);
    if (tooShort) return;
    claim.mutate(
      { name: name.trim(), password, claim_code: codeNeeded ? code.trim() : null },
      { onSuccess: onClaimed },
    );
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack>
        {!bare && (
          <Title order={1} size="h3">
            Claim this server
          </Title>
        )}
        <Text size="sm" c="dimmed">
          The first account closes the server to everyone who is not signed in.
          {codeNeeded && ' Only somebody who can read the server’s log may make it.'}
        </Text>
        {codeNeeded && (
          <TextInput
            label="Claim code"
            description="The server wrote it into its log when it started."
            required
            withAsterisk={false}
            autoComplete="off"
            autoFocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        )}
        <TextInput
          label="Name"
          autoComplete="username"
          required
          withAsterisk={false}
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          description={`At least ${SHORTEST_PASSWORD} characters; a short sentence is best.`}
          autoComplete="new-password"
          required
          withAsterisk={false}
          maxLength={256}
          error={tried && tooShort ? `Use at least ${SHORTEST_PASSWORD} characters.` : undefined}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {claim.isError && <Refused error={claim.error} />}
        <Button type="submit" size="md" loading={claim.isPending}>
          Claim this server
        </Button>
      </Stack>
    </form>
  );
}
