// Times, durations and counts as people read them, in the language of the page.

import { language, t } from './words.js';

const locale = () => (language() === 'zh' ? 'zh-CN' : 'en-GB');

export function moment(text) {
  if (!text && text !== 0) return '–';
  const options = { year: 'numeric', month: language() === 'zh' ? '2-digit' : 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' };
  return new Intl.DateTimeFormat(locale(), options).format(new Date(text));
}

export function clock(text) {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 };
  return new Intl.DateTimeFormat(locale(), options).format(new Date(text));
}

const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

export function relative(text) {
  const seconds = (new Date(text) - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) || UNITS[3];
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' }).format(Math.trunc(seconds / size), unit);
}

export function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const count = (value) => new Intl.NumberFormat(locale()).format(value ?? 0);

export function share(part, whole) {
  return whole ? new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 1 }).format(part / whole) : '–';
}

export const stateWord = (state) => t(`state_${String(state).toLowerCase()}`);
export const pretty = (value) => JSON.stringify(value, null, 2);
export const tagsText = (tags) => Object.entries(tags || {}).map(([name, value]) => `${name}=${value}`).join(', ');
