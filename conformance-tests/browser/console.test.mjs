// A coordinator looks at what the gateway did: every page, on the data of the demonstration, with axe and without a foreign request.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, openBrowser, openPage, signIn, startDemo, violations } from './harness.mjs';

const AREAS = ['/', '/patients', '/identity', '/accounts', '/segments', '/tasks', '/journeys', '/messages', '/sources', '/plugins', '/users', '/audit'];

describe('the console', { timeout: 300_000 }, () => {
  let demo;
  let browser;
  let seat;

  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    seat = await openPage(browser, [demo.console]);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const settled = async (page) => {
    await page.locator('h1').first().waitFor();
    await page.waitForLoadState('networkidle');
  };

  test('the sign-in page has no barrier, refuses a wrong password, and lets the right one in', async () => {
    const { page } = seat;
    await page.goto(demo.console);
    await page.getByLabel('Email').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByLabel('Email').fill(demo.email);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await signIn(page, demo);
  });

  for (const path of AREAS) {
    test(`${path} shows data and has no barrier`, async () => {
      const { page } = seat;
      await page.goto(demo.console + path);
      await settled(page);
      assert.equal(await page.getByText('Something went wrong').count(), 0);
      assert.deepEqual(await violations(page), []);
    });
  }

  test('members of the segment stand there with the evidence', async () => {
    const { page } = seat;
    await page.goto(`${demo.console}/segments`);
    await page.getByRole('link', { name: 'Breast cancer screening due' }).click();
    const members = page.getByRole('table', { name: 'Members' });
    await members.waitFor();
    await eventually('the evidence of a member', 20, async () => /mammogram/i.test(await members.innerText()));
    assert.deepEqual(await violations(page), []);
    if (process.env.UPDATE_IMAGES) {
      const images = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'gateway', 'docs', 'images');
      mkdirSync(images, { recursive: true });
      await page.screenshot({ path: join(images, 'console.png') });
    }
  });

  test('the record of a patient tells what happened, in every tab', async () => {
    const { page } = seat;
    await page.goto(`${demo.console}/messages?status=accepted`);
    await settled(page);
    await page.goto(`${demo.console}/segments`);
    await page.getByRole('link', { name: 'Breast cancer screening due' }).click();
    const members = page.getByRole('table', { name: 'Members' });
    await eventually('a member', 20, async () => (await members.getByRole('link').count()) > 0);
    await members.getByRole('link').first().click();
    await settled(page);
    const tabs = page.getByRole('tab');
    await tabs.first().waitFor();
    for (let place = 0; place < (await tabs.count()); place += 1) {
      await tabs.nth(place).click();
      await page.waitForLoadState('networkidle');
      assert.deepEqual(await violations(page), [], await tabs.nth(place).innerText());
    }
    await page.getByRole('tab', { name: 'Clinical' }).click();
    await eventually('clinical facts', 20, async () => (await page.getByRole('row').count()) > 3);
  });

  test('the journey shows where people are', async () => {
    const { page } = seat;
    await page.goto(`${demo.console}/journeys`);
    await page.getByRole('link', { name: 'Breast cancer screening' }).first().click();
    await page.locator('li#step-invite').waitFor();
    assert.deepEqual(await violations(page), []);
  });

  test('it reads at 320 pixels, in the dark and in Spanish', async () => {
    const narrow = await openPage(browser, [demo.console], { viewport: { width: 320, height: 720 }, colorScheme: 'dark', locale: 'es-US' });
    const { page } = narrow;
    await page.goto(demo.console);
    await page.locator('input[type=email], input[autocomplete=username]').first().fill(demo.email);
    await page.locator('input[type=password]').fill(demo.password);
    await page.locator('button[type=submit]').click();
    await page.locator('h1').first().waitFor();
    for (const path of ['/patients', '/messages']) {
      await page.goto(demo.console + path);
      await settled(page);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 1, `${path} is ${overflow} px too wide`);
      assert.deepEqual(await violations(page), []);
    }
    assert.deepEqual(narrow.faults, []);
    await narrow.context.close();
  });

  test('after a mammogram in the EHR the person is gone from the segment and the journey', async () => {
    const { page } = seat;
    const api = (path) => page.evaluate(async (it) => (await fetch(`/api/v1${it}`)).json(), path);
    const sent = await api('/messages?status=accepted&limit=50');
    const invited = sent.items.find((message) => message.template === 'screening-invitation');
    const patient = invited.patient.id;
    const record = await api(`/patients/${patient}`);
    const recorded = await fetch(`${demo.ehr}/sandbox/patients/${record.fhir_id}/mammogram`, { method: 'POST' });
    assert.ok(recorded.ok);
    await eventually('the person to leave', 10, async () => {
      const runs = await api(`/patients/${patient}/runs`);
      return runs.items.every((run) => run.status === 'left');
    });
    await page.goto(`${demo.console}/patients/${patient}`);
    await settled(page);
    const memberships = await api(`/patients/${patient}/memberships`);
    assert.ok(memberships.items.every((membership) => membership.segment.key !== 'breast-cancer-screening-due'));
  });

  test('no script failed, no policy was broken, and nothing was asked of anybody else', () => {
    assert.deepEqual(seat.faults, []);
  });
});
