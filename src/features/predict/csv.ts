// The answers as a table that a spreadsheet opens.
import type { Asked } from './asking';

/** What a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvOf(images: readonly Asked[]): string {
  const answered = images.flatMap(({ file, answer }) => (answer ? [{ file, answer }] : []));
  const labels = [
    ...new Set(answered.flatMap(({ answer }) => answer.probabilities.map(({ label }) => label))),
  ].sort();
  const header = ['file', 'model', 'answer', ...labels, 'malignant', 'threshold', 'suspicious'];
  const rows = answered.map(({ file, answer }) => {
    const shares = new Map(answer.probabilities.map((each) => [each.label, each.probability]));
    const { malignancy } = answer;
    return [
      file.name,
      answer.model_name,
      answer.probabilities[0]?.label ?? '',
      ...labels.map((label) => numberOf(shares.get(label))),
      numberOf(malignancy?.score),
      numberOf(malignancy?.threshold),
      malignancy ? (malignancy.suspicious ? 'yes' : 'no') : '',
    ];
  });
  return [header, ...rows].map((row) => row.map(cellOf).join(',')).join('\r\n') + '\r\n';
}

const numberOf = (value: number | undefined) => (value === undefined ? '' : value.toFixed(6));

function cellOf(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
