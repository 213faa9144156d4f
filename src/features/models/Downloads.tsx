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
  report_html: 'Report (HTML)',
  report: 'Report (JSON)',
  card: 'Model card (Markdown)',
  card_json: 'Model card (JSON)',
  test_predictions: 'Test predictions (CSV)',
  test_truth: 'Test truth (CSV)',
  metadata: 'Metadata (JSON)',
  history: 'History (JSON)',
};

const ORDER = Object.keys(NAMES);

/** In the order of their names; kinds that are not known here come last. */
function inOrder(files: ModelFile[]): ModelFile[] {
  const place = ({ kind }: ModelFile) => (kind in NAMES ? ORDER.indexOf(kind) : ORDER.length);
  return [...files].sort((one, other) => place(one) - place(other));
}

export function Downloads({ files }: { files: ModelFile[] }) {
  return (
    <Panel title="Downloads">
      {files.length === 0 && <Text c="dimmed">This model has no files on the server.</Text>}
      <ul className={classes.files}>
        {inOrder(files).map(({ kind, file, bytes, url }) => (
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
