// How the page is served while it is being written, built for the server, and tested.
import { fileURLToPath } from 'node:url';
import type { IncomingMessage, ServerResponse } from 'node:http';
import react from '@vitejs/plugin-react';
import type { ProxyOptions } from 'vite';
import { defineConfig } from 'vitest/config';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

const api: ProxyOptions = {
  // 127.0.0.1 rather than localhost: Node may try ::1 first, where uvicorn does not listen.
  target: process.env.DERMASCAN_API ?? 'http://127.0.0.1:8000',
  // The server compares Origin with Host, so the page's own Host has to arrive.
  changeOrigin: false,
  configure(proxy) {
    proxy.on('proxyReq', (outgoing, incoming: IncomingMessage) => {
      // A forwarding header makes the server treat the request as not local. From this computer it
      // is local; from any other one the server has to know.
      const peer = incoming.socket.remoteAddress ?? '';
      if (!LOOPBACK.has(peer)) outgoing.setHeader('x-forwarded-for', peer);
    });
    proxy.on('error', (_error, _incoming, response) => {
      // 502 is what any gateway says when nobody answers; the page then waits for the server.
      if ('writeHead' in response) answerNobodyThere(response);
    });
  },
};

function answerNobodyThere(response: ServerResponse) {
  if (response.headersSent || response.writableEnded) return;
  response.writeHead(502, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ detail: 'The server does not answer.', code: 'server_away' }));
}

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // An uploaded .html under server/data must not be taken for a page of ours.
  optimizeDeps: { entries: ['index.html'] },
  server: {
    port: 5173,
    strictPort: true,
    proxy: { '/api': api },
    watch: { ignored: ['**/server/**', '**/.venv/**', '**/dist/**', '**/screenshots/**'] },
  },
  preview: { port: 5173, strictPort: true, proxy: { '/api': api } },
  build: { outDir: 'dist', target: 'es2022', chunkSizeWarningLimit: 800 },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/lib/testing/setup.ts'],
    css: false,
    restoreMocks: true,
  },
});
