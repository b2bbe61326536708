'use strict';
// Everything from the API enters the page as text (textContent), never as markup.
const api = '/api/v1';
const period = 2000;
const history = [];
let previous = null;

const byId = id => document.getElementById(id);
const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const show = (id, text) => { byId(id).textContent = text; };
const count = n => n < 1e6 ? whole.format(n) : short.format(n);
const measured = n => n === null || n === undefined ? '–' : Number.parseFloat(n.toPrecision(5)).toString();
const bytes = n => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) { n /= 1024; i++; }
  return `${n.toFixed(i === 0 ? 0 : 1)} ${units[i]}`;
};
const duration = seconds => {
  const d = Math.floor(seconds / 86400), h = Math.floor(seconds / 3600) % 24, m = Math.floor(seconds / 60) % 60;
  return d > 0 ? `${d} d ${h} h` : h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min` : `${Math.floor(seconds)} s`;
};
const time = text => text.slice(0, 10) === new Date().toISOString().slice(0, 10) ? text.slice(11, 19) : text.slice(0, 19).replace('T', ' ');

async function get(path) {
  const answer = await fetch(api + path, { headers: { Accept: 'application/json' } });
  if (answer.status === 401) { throw new Error('The session has ended. Reload the page to log in again.'); }
  if (!answer.ok) { throw new Error(`${path}: ${answer.status}`); }
  return answer.json();
}

function element(tag, text, className) {
  const e = document.createElement(tag);
  e.textContent = text;
  if (className) { e.className = className; }
  return e;
}

function pill(text) {
  const cell = document.createElement('td');
  cell.append(element('span', text, `pill ${/^[a-z]+$/.test(text) ? text : ''}`));
  return cell;
}

function fill(tableId, rows) {
  const body = byId(tableId).tBodies[0];
  if (rows.length > 0) { body.replaceChildren(...rows); }
}

function row(cells, key) {
  const tr = document.createElement('tr');
  tr.append(...cells);
  if (key) { tr.dataset.key = key; }
  return tr;
}

function draw() {
  const top = Math.max(1, ...history), step = 240 / 59;
  const points = history.map((v, i) => `${((60 - history.length + i) * step).toFixed(1)},${(46 - 42 * v / top).toFixed(1)}`);
  if (points.length < 2) { return; }
  const first = points[0].split(',')[0], last = points[points.length - 1].split(',')[0];
  byId('spark').querySelector('.line').setAttribute('d', `M${points.join('L')}`);
  byId('spark').querySelector('.area').setAttribute('d', `M${first},48L${points.join('L')}L${last},48Z`);
}

function totals(t, now) {
  show('readings', count(t.readings));
  show('normal', count(t.normal));
  show('anomalies', count(t.anomalies));
  show('dead-letters', count(t.dead_letters));
  show('duplicates', count(t.duplicates));
  show('not-scored', t.not_scored > 0 ? `${count(t.not_scored)} not scored` : 'all scored');
  show('late', `${count(t.late)} late`);
  show('share', t.readings > 0 ? `${(100 * t.anomalies / t.readings).toFixed(2)} % of all` : '');
  if (previous !== null && now > previous.now) {
    const rate = Math.max(0, (t.readings - previous.readings) * 1000 / (now - previous.now));
    history.push(rate);
    if (history.length > 60) { history.shift(); }
    show('rate', rate < 10 ? rate.toFixed(1) : count(Math.round(rate)));
    draw();
  }
  previous = { readings: t.readings, now };
}

async function pipeline() {
  const p = await get('/pipeline');
  totals(p.totals, performance.now());
  const stuck = p.partitions.find(x => x.status === 'paused' || x.status === 'failed');
  const state = stuck ? stuck.status : p.ready ? 'ready' : 'starting';
  byId('state').className = `pill ${stuck ? 'bad' : p.ready ? 'good' : 'warn'}`;
  show('state', stuck && stuck.reason ? `${state}: ${stuck.reason}` : state);
  fill('partition-table', p.partitions.map(x => row([
    element('td', `${x.source_id}-${x.partition}`), pill(x.status),
    element('td', whole.format(x.fast_offset), 'number'), element('td', whole.format(x.rollup_offset), 'number'), element('td', whole.format(x.lake_offset), 'number'),
    element('td', x.lag_records === null ? '–' : `${count(x.lag_records)} (${duration(x.lag_seconds)})`, 'number'),
    element('td', x.visible_p99_ms === null ? '–' : `${Math.round(x.visible_p99_ms)} ms`, 'number')])));
}

async function anomalies() {
  const page = await get('/anomalies?limit=20');
  const known = new Set([...byId('anomaly-table').tBodies[0].rows].map(r => r.dataset.key));
  fill('anomaly-table', page.items.map(a => {
    const top = (a.explanation.measurements || []).find(m => m.name === a.top_measurement) || {};
    const expected = top.expected_low === undefined || top.expected_low === null ? '–' : `${measured(top.expected_low)} to ${measured(top.expected_high)}`;
    const what = a.explanation.also ? `${a.top_measurement}, ${a.explanation.also}` : a.top_measurement;
    const tr = row([
      element('td', time(a.event_time)), element('td', a.sensor_id), pill(a.severity), element('td', what),
      element('td', measured(a.measurements[a.top_measurement]), 'number'), element('td', expected),
      element('td', a.anomaly_score.toFixed(3), 'number')], a.id);
    if (known.size > 0 && !known.has(a.id)) { tr.className = 'fresh'; }
    return tr;
  }));
}

async function lake() {
  const tables = await get('/lake/tables');
  fill('lake-table', tables.items.map(t => row([
    element('td', t.table), element('td', t.version < 0 ? '–' : whole.format(t.version), 'number'), element('td', count(t.rows), 'number'),
    element('td', count(t.files), 'number'), element('td', bytes(t.bytes), 'number')])));
}

async function host() {
  const h = await get('/host');
  show('version', h.version);
  byId('jobs').hidden = !h.jobs_dashboard;
  const d = h.deployment;
  const facts = [
    ['Up for', duration(h.uptime_seconds)], ['Listens on', h.addresses.join(', ')], ['Log', d.commit_log], ['Database', d.database],
    ['Lake', d.lake], ['Jobs', d.jobs], ['Data', h.data_directory], ['Runs on', `${h.machine}, process ${h.process_id}, ${h.runtime}`]];
  byId('host').replaceChildren(...facts.flatMap(([name, value]) => [element('dt', name), element('dd', value)]));
}

async function refresh(parts) {
  const results = await Promise.allSettled(parts.map(part => part()));
  const failed = results.find(r => r.status === 'rejected');
  byId('trouble').hidden = !failed;
  if (failed) {
    show('trouble', failed.reason instanceof TypeError ? 'The host does not answer.' : failed.reason.message);
    byId('state').className = 'pill bad';
    show('state', 'no answer');
  }
}

// An event only says that there is something new; at most one question a second asks what.
let asked = false;
function listen() {
  const live = new EventSource(`${api}/live`);
  live.addEventListener('anomaly', () => {
    if (asked) { return; }
    asked = true;
    setTimeout(() => { asked = false; refresh([anomalies]); }, 1000);
  });
}

let ticks = 0;
function tick() {
  if (document.visibilityState === 'hidden') { return; }
  refresh(ticks++ % 5 === 0 ? [pipeline, lake, host, anomalies] : [pipeline]);
}

tick();
listen();
setInterval(tick, period);
