import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { answerWith, refusing, renderPage } from '@/lib/testing/renderPage';
import { Door } from './Door';

const Lab = () => (
  <Door>
    <p>the lab</p>
  </Door>
);

const session = (more: object) => ({
  claimed: false,
  local: true,
  person: null,
  message: 'What to do.',
  ...more,
});

const researcher = { name: 'local researcher', role: 'researcher' };

describe('the door', () => {
  it('stands open for the local researcher of an unclaimed server', async () => {
    answerWith({ 'GET /api/session': session({ person: researcher }) });
    renderPage(Lab, '/datasets');
    expect(await screen.findByText('the lab')).toBeVisible();
  });

  it('asks another computer for the code of the log', async () => {
    const asked = answerWith({
      'GET /api/session': session({ local: false }),
      'POST /api/claim': session({ claimed: true, local: false, person: researcher }),
    });
    renderPage(Lab, '/datasets');
    await userEvent.type(await screen.findByLabelText('Claim code'), 'abc-123');
    await userEvent.type(screen.getByLabelText('Name'), 'Moreau');
    await userEvent.type(screen.getByLabelText('Password'), 'a short sentence');
    await userEvent.click(screen.getByRole('button', { name: 'Claim this server' }));
    expect(await screen.findByText('the lab')).toBeVisible();
    const sent = asked.find(({ method }) => method === 'POST');
    expect(await sent?.json()).toEqual({
      name: 'Moreau',
      password: 'a short sentence',
      claim_code: 'abc-123',
    });
  });

  it('lets a person in as Researcher (Admin Lab), and shows a refusal in place', async () => {
    answerWith({
      'GET /api/session': session({ claimed: true }),
      'POST /api/session': refusing(401, 'Name or password is wrong.'),
    });
    renderPage(Lab, '/datasets');
    await userEvent.click(await screen.findByRole('button', { name: /Researcher \(Admin Lab\)/ }));
    await userEvent.type(screen.getByLabelText('Name'), 'Moreau');
    await userEvent.type(screen.getByLabelText('Password'), 'wrong');
    await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Name or password is wrong.');
  });

  it('takes no password that is too short', async () => {
    const asked = answerWith({ 'GET /api/session': session({ local: false }) });
    renderPage(Lab, '/datasets');
    await userEvent.type(await screen.findByLabelText('Claim code'), 'abc');
    await userEvent.type(screen.getByLabelText('Name'), 'Moreau');
    await userEvent.type(screen.getByLabelText('Password'), 'short');
    await userEvent.click(screen.getByRole('button', { name: 'Claim this server' }));
    expect(screen.getByText('Use at least 8 characters.')).toBeVisible();
    expect(asked.some(({ method }) => method === 'POST')).toBe(false);
  });
});
