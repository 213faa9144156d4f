// The whole report: opened in a tab of its own, or looked at here, in a frame that runs nothing.
import { Button, Group, Text } from '@mantine/core';
import { IconExternalLink, IconFileText } from '@tabler/icons-react';
import { useState } from 'react';
import { Panel } from '@/components/Panel';
import classes from './ReportPanel.module.css';

export function ReportPanel({ url, model }: { url: string; model: string }) {
  const [open, setOpen] = useState(false);
  return (
    <Panel title="The whole report">
      <Text c="dimmed" mb="md">
        Curves, calibration, every group, the most confident mistakes as pictures, the leak audit
        and the recipe, on one page that prints well.
      </Text>
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconFileText size={18} aria-hidden />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? 'Close it' : 'Show it here'}
        </Button>
        <Button
          component="a"
          href={url}
          target="_blank"
          rel="noreferrer"
          variant="default"
          leftSection={<IconExternalLink size={18} aria-hidden />}
        >
          Open it in a new tab
        </Button>
      </Group>
      {open && (
        <iframe className={classes.frame} src={url} sandbox="" title={`Report of ${model}`} />
      )}
    </Panel>
  );
}
