// What is shown when a page breaks: a sentence and two ways on, never a stack of code.
import { Button, Group } from '@mantine/core';
import { IconBandage } from '@tabler/icons-react';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { sentenceOf } from '@/client/refusal';
import { LinkButton } from './links';
import { Page } from './Page';
import { Empty } from './states';

export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="This page could not be shown">
      <Empty
        icon={<IconBandage size={28} aria-hidden />}
        title="Something broke on this page"
        actions={
          <Group>
            <Button onClick={again}>Try again</Button>
            <LinkButton to="/datasets" variant="default">
              Go to the datasets
            </LinkButton>
          </Group>
        }
      >
        {sentenceOf(error)} Your datasets, jobs and models are not affected.
      </Empty>
    </Page>
  );
}
