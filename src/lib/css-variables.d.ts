// Lets a style carry a custom property, which React's types do not know by themselves.
import 'react';

declare module 'react' {
  interface CSSProperties {
    '--share'?: number;
    '--classes'?: number;
  }
}
