// Who is there, and the way out; on an unclaimed server the quiet invitation to claim it.
import { Button, Menu, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconLock, IconLogout, IconUser } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '@/client/queries';
import { ClaimForm } from './ClaimForm';
import { useSignOut } from './session';
import classes from './AccountMenu.module.css';

export function AccountMenu() {
  const session = useQuery(sessionQuery).data;
  if (!session?.person) return null;
  return session.claimed ? <SignedIn name={session.person.name} /> : <Invitation />;
}

function SignedIn({ name }: { name: string }) {
  const signOut = useSignOut();
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          leftSection={<IconUser size={18} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          styles={{ label: { maxWidth: 110, overflow: 'hidden', textOverflow: 'ellipsis' } }}
        >
          {name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Researcher (Admin Lab)</Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => signOut.mutate()}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Invitation() {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button
        variant="subtle"
        color="gray"
        px={6}
        fz={13}
        styles={{ label: { overflow: 'visible' } }}
        size="compact-sm"
        leftSection={<IconLock size={18} aria-hidden />}
        onClick={open}
      >
        <span className={classes.words}>Claim this server</span>
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={<Text fw={620}>Claim this server</Text>}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <ClaimForm codeNeeded={false} bare onClaimed={close} />
      </Modal>
    </>
  );
}
