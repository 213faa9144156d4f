// The files of a model.
import { Button, SimpleGrid, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ModelFile } from '@/client/records';
import { Panel } from '@/components/Panel';
import { formatBytes } from '@/lib/format';

const NAMES: Record<string, string> = {
  h5: 'Keras (.h5)',
  onnx: 'ONNX',
  metadata: 'Metadata',
  history: 'History',
};

export function Downloads({ files }: { files: ModelFile[] }) {
  return (
    <Panel title="Downloads">
      {files.length === 0 && <Text c="dimmed">This model has no files on the server.</Text>}
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        {files.map(({ kind, file, bytes, url }) => (
          <Button
            key={kind}
            component="a"
            href={url}
            download={file}
            title={file}
            variant="default"
            justify="space-between"
            leftSection={<IconDownload size={18} aria-hidden />}
            rightSection={
              <Text span size="sm" c="dimmed" className="figures">
                {formatBytes(bytes)}
              </Text>
            }
          >
            {NAMES[kind] ?? kind}
          </Button>
        ))}
      </SimpleGrid>
    </Panel>
  );
}
