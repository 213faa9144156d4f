// Sign in: first as whom, as the document says, then with name and password.
import {
  Button,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
  UnstyledButton,
} from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconArrowLeft, IconMicroscope } from '@tabler/icons-react';
import { useState } from 'react';
import { Refused } from '@/components/states';
import { useSignIn } from './session';
import classes from './SignIn.module.css';

export function SignIn() {
  useDocumentTitle('Sign in · DermaScan');
  const [chosen, setChosen] = useState(false);
  return chosen ? (
    <NameAndPassword onBack={() => setChosen(false)} />
  ) : (
    <ChooseRole onChoose={() => setChosen(true)} />
  );
}

function ChooseRole({ onChoose }: { onChoose: () => void }) {
  return (
    <Stack>
      <Title order={1} size="h3">
        Sign in
      </Title>
      <UnstyledButton className={classes.role} onClick={onChoose}>
        <IconMicroscope size={28} stroke={1.5} aria-hidden />
        <span>
          <Text fw={620}>Researcher (Admin Lab)</Text>
          <Text size="sm" c="dimmed">
            Datasets, training and models
          </Text>
        </span>
      </UnstyledButton>
    </Stack>
  );
}

function NameAndPassword({ onBack }: { onBack: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useSignIn();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate({ name: name.trim(), password });
      }}
    >
      <Stack>
        <div>
          <Title order={1} size="h3">
            Researcher (Admin Lab)
          </Title>
        </div>
        <TextInput
          label="Name"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          maxLength={256}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {signIn.isError && <Refused error={signIn.error} />}
        <Button type="submit" size="md" loading={signIn.isPending}>
          Sign in
        </Button>
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconArrowLeft size={16} aria-hidden />}
          onClick={onBack}
        >
          Back
        </Button>
      </Stack>
    </form>
  );
}
