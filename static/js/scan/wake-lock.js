// @ts-check
/** Keeps the screen awake while the scanner is open; says where the browser cannot. */

/** @param {(held: boolean) => void} onChange */
export function keepAwake(onChange) {
  const ask = async () => {
    if (document.visibilityState !== 'visible') return;
    try {
      const lock = await navigator.wakeLock.request('screen');
      onChange(true);
      lock.addEventListener('release', () => onChange(false));
    } catch {
      onChange(false);
    }
  };
  if (!('wakeLock' in navigator)) {
    onChange(false);
    return;
  }
  document.addEventListener('visibilitychange', ask);
  void ask();
}
