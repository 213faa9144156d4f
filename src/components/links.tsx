// Mantine's look on the router's links.
import { Anchor, Button, type AnchorProps, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type Native = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'style' | 'color'> & {
  ref?: Ref<HTMLAnchorElement>;
};

function AnchorButton(props: Omit<ButtonProps, 'component'> & Native) {
  return <Button component="a" {...props} />;
}

function AnchorText(props: Omit<AnchorProps, 'component'> & Native) {
  return <Anchor {...props} />;
}

export const LinkButton = createLink(AnchorButton);
export const LinkText = createLink(AnchorText);
