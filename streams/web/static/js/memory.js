// What the browser remembers of a reader: language, theme, window. Without storage (private mode, blocked) nothing is lost
// but the memory.

export function remembered(name) {
  try {
    return localStorage.getItem(`kpi.${name}`);
  } catch {
    return null; // storage is denied: the page works without
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`kpi.${name}`, value);
  } catch {
    // storage is denied or full: the choice holds until the page is left
  }
}
