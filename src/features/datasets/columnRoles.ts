// What a column may mean, and moving a meaning from one column to another.
import type { ColumnRoles, DatasetTable } from '@/client/records';

export type Role = keyof ColumnRoles;

export const ROLES: { value: Role; label: string }[] = [
  { value: 'image', label: 'Image' },
  { value: 'label', label: 'Diagnosis' },
  { value: 'lesion', label: 'Lesion' },
  { value: 'patient', label: 'Patient' },
  { value: 'age', label: 'Age' },
  { value: 'sex', label: 'Sex' },
  { value: 'site', label: 'Body site' },
  { value: 'skin_tone', label: 'Skin tone' },
];

/** The meaning of a column; null when it has none. */
export function roleOf(roles: ColumnRoles, column: string): Role | null {
  return ROLES.find(({ value }) => roles[value] === column)?.value ?? null;
}

/** The roles after `column` was given `role`: it loses its old one, and no other column keeps it. */
export function withRole(roles: ColumnRoles, column: string, role: Role | null): ColumnRoles {
  const before = roleOf(roles, column);
  return {
    ...roles,
    ...(before === null ? {} : { [before]: null }),
    ...(role === null ? {} : { [role]: column }),
  };
}

/** Why the roles cannot be kept yet, in a sentence; null when they can. */
export function whyNotYet(roles: ColumnRoles): string | null {
  if (!roles.image) return 'Choose the column that names the images.';
  const others = ROLES.some(({ value }) => value !== 'image' && roles[value]);
  return others ? null : 'Choose one more column, such as the diagnosis.';
}

/** The table that a person is asked about first: one that was not understood, if there is one. */
export function firstTable(tables: DatasetTable[]): DatasetTable | undefined {
  return tables.find(({ understood }) => !understood) ?? tables[0];
}
