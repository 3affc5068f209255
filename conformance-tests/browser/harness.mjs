// What the browser tests stand on: the demonstration as a process, a real Chromium, and axe.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const axe = createRequire(import.meta.url).resolve('axe-core');

function browserPath() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = [process.env.CHROMIUM, ...names.map((name) => join('/usr/bin', name))].find((path) => path && existsSync(path));
  if (!found) throw new Error('No Chromium: install it (sudo apt-get install chromium) or set CHROMIUM to its path');
  return found;
}

function program() {
  const path = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug', 'outreach');
  if (!existsSync(path)) throw new Error('The program is not built: run `cargo build --bin outreach`');
  return path;
}

/** Asks again until the answer is there. */
export async function eventually(what, seconds, ask) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** The demonstration with few people, on free ports; its addresses, and a way to stop it. */
export async function startDemo({ people = 300, reminderAfter = '1 hour' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'outreach-browser-'));
  const arguments_ = ['demo', '--folder', join(folder, 'demo'), '--port', '0', '--people', String(people), '--reminder-after', reminderAfter];
  const child = spawn(program(), arguments_, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (data) => (said += data));
  child.stderr.on('data', (data) => (said += data));
  const file = join(folder, 'demo', 'demo.json');
  const addresses = await eventually('the demonstration', 90, () => {
    if (child.exitCode !== null) throw new Error(`the demonstration ended: ${said}`);
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8'));
  });
  await eventually('the first emails', 90, async () => {
    const answer = await fetch(`${addresses.mailbox}/api/messages`);
    return (await answer.json()).length > 5;
  });
  const stop = async () => {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...addresses, stop };
}

export async function openBrowser() {
  return chromium.launch({
    executablePath: browserPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page that fails the test on any error in its script, and on any request to another origin than those given. */
export async function openPage(browser, origins, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy/.test(message.text())) faults.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && !origins.includes(url.origin)) faults.push(`foreign request to ${url.origin}`);
  });
  return { page, context, faults };
}

export async function signIn(page, demo) {
  await page.goto(demo.console);
  await page.getByLabel('Email').fill(demo.email);
  await page.getByLabel('Password', { exact: true }).fill(demo.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Areas' }).waitFor();
}

/** What axe finds on the page against WCAG 2.2 A and AA, in words. It is put in by the test's own protocol, past the page's policy. */
export async function violations(page) {
  await page.evaluate(readFileSync(axe, 'utf8'));
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).slice(0, 5).join(', ')}`);
}
