// What changed between two texts, line by line: the longest common subsequence.

import { h } from './dom.js';
import { t } from './words.js';

function lengths(before, after) {
  const table = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      table[i][j] = before[i] === after[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}

/** Lines as [sign, text] in order. */
export function differences(first, second) {
  const before = first.split('\n').slice(0, 2000);
  const after = second.split('\n').slice(0, 2000);
  const table = lengths(before, after);
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) { lines.push([' ', before[i]]); i += 1; j += 1; }
    else if (j >= after.length || (i < before.length && table[i + 1][j] >= table[i][j + 1])) { lines.push(['-', before[i]]); i += 1; }
    else { lines.push(['+', after[j]]); j += 1; }
  }
  return lines;
}

const KINDS = { '+': 'ins', '-': 'del', ' ': 'span' };

export function showDiff(first, second) {
  return h('pre', { class: 'diff', tabindex: '0', role: 'region', 'aria-label': t('changes') },
    differences(first, second).map(([sign, text]) => h(KINDS[sign], { class: 'line' }, `${sign} ${text}\n`)));
}
