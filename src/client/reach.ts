// Whether the server answers: one fact, told by every request, read by the banner.

type Listener = () => void;

let away = false;
const listeners = new Set<Listener>();

function set(next: boolean) {
  if (next === away) return;
  away = next;
  for (const listener of listeners) listener();
}

export const reach = {
  lost: () => set(true),
  found: () => set(false),
  isAway: () => away,
  subscribe: (listener: Listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};
