// Builds the page: every text from outside becomes a text node or the value of a harmless attribute.

const SVG = 'http://www.w3.org/2000/svg';
const PLAIN = new Set(('id class type name for role title tabindex value placeholder rows autocomplete inputmode list ' +
  'min max maxlength spellcheck lang dir alt scope colspan datetime open hidden disabled checked selected required ' +
  'readonly multiple x y x1 x2 y1 y2 cx cy r rx width height viewBox preserveAspectRatio d transform text-anchor focusable').split(' '));

/** Whether an attribute can carry text without anything being loaded or run. */
function isHarmless(name, value) {
  if (name === 'href') return /^#\//.test(value);
  if (name === 'src') return value.startsWith('data:image/svg+xml') || value.startsWith('data:image/png;base64,');
  return PLAIN.has(name) || /^(aria|data)-[a-z-]+$/.test(name);
}

const shown = (children) => children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (name === 'on') Object.entries(value).forEach(([event, act]) => node.addEventListener(event, act));
    else if (value === undefined || value === null || value === false) continue;
    else if (!isHarmless(name, String(value))) throw new Error(`The attribute ${name} is not allowed here.`);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...shown(children).map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return node;
}

/** An HTML element; children that are no nodes become text. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** The same for SVG. */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

/** The address of a page inside the console. */
export function link(...parts) {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

const keyOf = (node) => node.id || node.getAttribute('href') || node.dataset.key || '';

/** Replaces what a node holds; whoever had the keyboard there keeps it. */
export function swap(node, ...children) {
  const active = document.activeElement;
  const key = node.contains(active) && active !== node ? keyOf(active) : '';
  node.replaceChildren(...shown(children));
  if (!key) return;
  const again = [...node.querySelectorAll('a, button, input, select, textarea')].find((each) => keyOf(each) === key);
  if (again) again.focus({ preventScroll: true });
}
