// The log: scrolls, follows its end until somebody scrolls up, and can be copied.
import { Button, CopyButton, Group, Switch, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Panel } from '@/components/Panel';
import { Loaded } from '@/components/states';
import { jobLogQuery } from './log';
import classes from './LogPanel.module.css';

const NEAR_THE_END_PX = 24;

export function LogPanel({ jobId }: { jobId: string }) {
  const query = useQuery(jobLogQuery(jobId));
  const [follow, setFollow] = useState(true);
  return (
    <Panel
      title="Log"
      aside={
        <Group gap="md">
          <Switch
            size="sm"
            label="Follow"
            checked={follow}
            onChange={(event) => setFollow(event.currentTarget.checked)}
          />
          <Copy text={query.data ?? ''} />
        </Group>
      }
    >
      <Loaded query={query} label="Reading the log">
        {(text) =>
          text === '' ? (
            <Text c="dimmed">Nothing has been written yet.</Text>
          ) : (
            <LogText text={text} follow={follow} onFollow={setFollow} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Copy({ text }: { text: string }) {
  return (
    <CopyButton value={text} timeout={2000}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="compact-sm"
          disabled={text === ''}
          leftSection={
            copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />
          }
          onClick={copy}
        >
          {copied ? 'Copied' : 'Copy'}
        </Button>
      )}
    </CopyButton>
  );
}

interface LogTextProps {
  text: string;
  follow: boolean;
  onFollow: (follow: boolean) => void;
}

function LogText({ text, follow, onFollow }: LogTextProps) {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text, follow]);
  return (
    <pre
      ref={box}
      className={classes.log}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label="Log of the training"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_THE_END_PX;
        if (atEnd !== follow) onFollow(atEnd);
      }}
    >
      {text}
    </pre>
  );
}
