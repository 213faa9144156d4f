// Models as a table; on a phone every row becomes a card.
import { Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Headline, ModelListed } from '@/client/records';
import { SampleBadge } from '@/components/SampleBadge';
import { formatDateTime, formatNumberOf, formatScore, formatShare } from '@/lib/format';
import classes from './ModelTable.module.css';

const FIGURES: [string, (figures: Headline, samples: number) => string][] = [
  ['Balanced accuracy', (figures, samples) => formatShare(figures.balanced_accuracy, samples)],
  ['Accuracy', (figures, samples) => formatShare(figures.accuracy, samples)],
  ['Macro F1', (figures, samples) => formatScore(figures.macro_f1, samples)],
  ['Macro AUC', (figures, samples) => formatScore(figures.macro_auc, samples)],
];

export function ModelTable({ models }: { models: ModelListed[] }) {
  return (
    <div className={classes.frame}>
      {/* The roles are written out because a phone lays the rows out as cards. */}
      <table className={classes.table} role="table" aria-label="Trained models">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Model
            </th>
            {FIGURES.map(([name]) => (
              <th key={name} role="columnheader" scope="col" className={classes.number}>
                {name}
              </th>
            ))}
            <th role="columnheader" scope="col">
              Tested on
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {models.map((model) => (
            <ModelRow key={model.name} model={model} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ModelRow({ model }: { model: ModelListed }) {
  return (
    <tr role="row">
      <th role="rowheader" scope="row" className={classes.what}>
        <Group gap="xs">
          <Link to="/models/$name" params={{ name: model.name }} className={classes.name}>
            {model.architecture} on {model.dataset_name}
          </Link>
          {model.is_sample && <SampleBadge />}
        </Group>
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {formatDateTime(model.created_at)}, {formatNumberOf(model.epochs, 'epoch')}
        </Text>
      </th>
      {FIGURES.map(([name, textOf]) => (
        <td key={name} role="cell" className={classes.number} data-name={name}>
          <Text span fw={620}>
            {textOf(model.headline, model.test_images)}
          </Text>
          <Text span size="sm" c="dimmed" className={classes.baseline}>
            <span className="visually-hidden">baseline </span>
            {textOf(model.baseline, model.test_images)}
          </Text>
        </td>
      ))}
      <td role="cell" data-name="Tested on">
        <Text size="sm" c="dimmed">
          {formatNumberOf(model.test_images, 'image')},{' '}
          {formatNumberOf(model.test_lesions, 'lesion')}
        </Text>
      </td>
    </tr>
  );
}
