// Problems gathered by kind, in the order in which the server names them (worst first).
import type { DatasetProblem } from '@/client/records';

export interface ProblemGroup {
  kind: string;
  /** How many there are, which may be more than are listed. */
  count: number;
  problems: DatasetProblem[];
}

export function problemsByKind(
  problems: DatasetProblem[],
  counts: Partial<Record<string, number>>,
): ProblemGroup[] {
  const groups = new Map<string, DatasetProblem[]>();
  for (const problem of problems) {
    groups.set(problem.kind, [...(groups.get(problem.kind) ?? []), problem]);
  }
  for (const [kind, count] of Object.entries(counts)) {
    if ((count ?? 0) > 0 && !groups.has(kind)) groups.set(kind, []);
  }
  return Array.from(groups, ([kind, members]) => ({
    kind,
    count: Math.max(members.length, counts[kind] ?? 0),
    problems: members,
  }));
}
