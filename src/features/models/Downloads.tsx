// The files of a model.
import { Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ModelFile } from '@/client/records';
import { Panel } from '@/components/Panel';
import { formatBytes } from '@/lib/format';
import classes from './Downloads.module.css';

const NAMES: Record<string, string> = {
  h5: 'Keras model (.h5)',
  onnx: 'ONNX model',
  metadata: 'Metadata',
  history: 'History',
};

export function Downloads({ files }: { files: ModelFile[] }) {
  return (
    <Panel title="Downloads">
      {files.length === 0 && <Text c="dimmed">This model has no files on the server.</Text>}
      <ul className={classes.files}>
        {files.map(({ kind, file, bytes, url }) => (
          <li key={kind}>
            <a href={url} download={file} title={file} className={classes.file}>
              <IconDownload size={18} aria-hidden />
              <span className={classes.name}>{NAMES[kind] ?? kind}</span>
              <Text span size="sm" c="dimmed" className="figures">
                {formatBytes(bytes)}
              </Text>
            </a>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
