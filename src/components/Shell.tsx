// The house around every page: menu at the side (on a phone at the foot), banner, main part.
import { Text } from '@mantine/core';
import {
  IconBrain,
  IconPhoto,
  IconPhotoScan,
  IconPlayerPlay,
  IconTimeline,
} from '@tabler/icons-react';
import { Link, useLocation } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import { ColourSchemeButton } from './ColourSchemeButton';
import { Logo } from './Logo';
import { ServerAwayBanner } from './ServerAwayBanner';
import classes from './Shell.module.css';

const PLACES = [
  { to: '/datasets', name: 'Datasets', Icon: IconPhoto },
  { to: '/train', name: 'Train', Icon: IconPlayerPlay },
  { to: '/jobs', name: 'Jobs', Icon: IconTimeline },
  { to: '/models', name: 'Models', Icon: IconBrain },
  { to: '/predict', name: 'Predict', Icon: IconPhotoScan },
] as const;

export function Shell({ accountMenu, children }: { accountMenu: ReactNode; children: ReactNode }) {
  const main = useFocusOnNewPage();
  return (
    <div className={classes.house}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className={classes.side}>
        <div className={classes.brand}>
          <Link to="/datasets" className={classes.home} aria-label="DermaScan, Admin Lab">
            <Logo />
          </Link>
          <Text size="sm" c="dimmed" className={classes.area}>
            Admin Lab
          </Text>
        </div>
        <nav aria-label="Main" className={classes.menu}>
          {PLACES.map(({ to, name, Icon }) => (
            <Link key={to} to={to} className={classes.place} activeOptions={{ exact: false }}>
              <Icon size={20} stroke={1.7} aria-hidden />
              <span>{name}</span>
            </Link>
          ))}
        </nav>
        <div className={classes.foot}>
          {accountMenu}
          <ColourSchemeButton />
        </div>
      </header>
      <div className={classes.body}>
        <ServerAwayBanner />
        <main id="main" tabIndex={-1} ref={main} className={classes.main}>
          {children}
        </main>
      </div>
    </div>
  );
}

/** Moves the focus to the content when another page opens, so that screen readers notice. */
function useFocusOnNewPage() {
  const main = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  const last = useRef(path);
  useEffect(() => {
    if (last.current !== path) main.current?.focus({ preventScroll: true });
    last.current = path;
  }, [path]);
  return main;
}
