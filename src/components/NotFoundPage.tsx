// An address that leads nowhere.
import { IconMapSearch } from '@tabler/icons-react';
import { LinkButton } from './links';
import { Page } from './Page';
import { Empty } from './states';

export function NotFoundPage() {
  return (
    <Page title="Page not found">
      <Empty
        icon={<IconMapSearch size={28} aria-hidden />}
        title="There is nothing at this address"
        actions={<LinkButton to="/datasets">Go to the datasets</LinkButton>}
      >
        Check the address for a slip, or choose a page from the menu.
      </Empty>
    </Page>
  );
}
