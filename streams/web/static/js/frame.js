// Drawing once a frame: parts of the page are marked as changed, and drawn together before the next one. A hidden tab
// has no frames: there marks gather, and the first frame after it draws what is then known.

const changed = new Map();
let asked = false;

/** Draw with `draw` in the next frame; a second mark under the same name before it costs nothing. */
export function mark(name, draw) {
  changed.set(name, draw);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const now = [...changed.values()];
    changed.clear();
    for (const draw of now) draw();
  });
}
