// The headline figures of the test: each with its interval, beside what knowing nothing scores.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ModelReport } from '@/client/records';
import { Figures } from '@/components/Figures';
import { Panel } from '@/components/Panel';
import { formatScore, formatScoreRange, formatShare, formatShareRange } from '@/lib/format';
import type { Evidence, FigureName } from './evidence';
import type { Report, Scores } from './report';

interface HeadlineProps {
  model: ModelReport;
  report: Report;
  evidence: Evidence | null;
}

interface Row {
  name: string;
  figure: FigureName;
  score: keyof Scores;
  share: boolean;
}

const ROWS: Row[] = [
  {
    name: 'Balanced accuracy',
    figure: 'balanced_accuracy',
    score: 'balancedAccuracy',
    share: true,
  },
  { name: 'Accuracy', figure: 'accuracy', score: 'accuracy', share: true },
  { name: 'Macro F1', figure: 'macro_f1', score: 'macroF1', share: false },
  { name: 'Macro AUC', figure: 'macro_auc', score: 'macroAuc', share: false },
];

export function HeadlinePanel({ model, report, evidence }: HeadlineProps) {
  const samples = model.test_images;
  return (
    <Panel title="Test">
      <Figures
        figures={ROWS.map(({ name, figure, score, share }) => {
          const value = share ? formatShare : formatScore;
          const range = share ? formatShareRange : formatScoreRange;
          const estimate = evidence?.headline[figure];
          const guessed = evidence?.metadataBaseline?.[figure];
          const interval = range(estimate?.low, estimate?.high, samples);
          const theirs = range(guessed?.low, guessed?.high, samples);
          return {
            name,
            value: value(report.test[score], samples),
            note: (
              <>
                {interval !== '' && <Text span inherit display="block">{`95 %: ${interval}`}</Text>}
                <span>{`baseline ${value(report.baseline[score], samples)}`}</span>
                {guessed && (
                  <Text span inherit display="block">
                    without pictures <Together>{value(guessed.value, samples)}</Together>{' '}
                    {theirs !== '' && <Together>({theirs})</Together>}
                  </Text>
                )}
              </>
            ),
          };
        })}
      />
      {evidence?.aboveBaseline && (
        <Text fw={560} mt="md">
          {evidence.aboveBaseline}
        </Text>
      )}
      <Text size="sm" c="dimmed" mt={evidence?.aboveBaseline ? 'xs' : 'md'}>
        The baseline always answers{' '}
        {report.baselineAnswer === null
          ? 'the most common class'
          : `“${report.baselineAnswer}”, the most common class`}
        {evidence?.metadataBaseline &&
          '; “without pictures” is a model that sees only what the metadata tell of the patient'}
        . A model is worth something as far as it is above them.
        {evidence !== null &&
          ' The intervals say how far a figure would move if other lesions had been tested.'}
      </Text>
    </Panel>
  );
}

/** What must not be torn apart at the end of a line. */
function Together({ children }: { children: ReactNode }) {
  return <span style={{ whiteSpace: 'nowrap' }}>{children}</span>;
}
