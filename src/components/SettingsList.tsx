// Names and values in two columns.
import classes from './SettingsList.module.css';

export function SettingsList({ settings }: { settings: [name: string, value: string][] }) {
  return (
    <dl className={classes.list}>
      {settings.map(([name, value]) => (
        <div key={name} className={classes.pair}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
