// A patient opens the pages behind a message: without an account, without a script, in the own language.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openBrowser, openPage, startDemo, violations } from './harness.mjs';

describe('the patient pages', { timeout: 300_000 }, () => {
  let demo;
  let browser;
  let mails;

  const header = (raw, name) => raw.replace(/\r\n[ \t]/g, ' ').match(new RegExp(`^${name}: (.*)$`, 'im'))?.[1];
  const unsubscribeLink = (raw) => header(raw, 'List-Unsubscribe').match(/<([^>]+)>/)[1];

  before(async () => {
    demo = await startDemo({ people: 200 });
    browser = await openBrowser();
    const list = await (await fetch(`${demo.mailbox}/api/messages`)).json();
    mails = await Promise.all(list.map(async (mail) => (await fetch(`${demo.mailbox}/messages/${mail.number}/raw`)).text()));
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('looking at the unsubscribe page changes nothing, its button does, and no script is needed', async () => {
    const { page, context, faults } = await openPage(browser, [demo.console], { javaScriptEnabled: false });
    const link = unsubscribeLink(mails[0]);
    await page.goto(link);
    const before = await page.locator('body').innerText();
    await page.goto(link);
    assert.equal(await page.locator('body').innerText(), before, 'a second look shows the same');
    await page.locator('form button').first().click();
    assert.notEqual(await page.locator('body').innerText(), before);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test('the pages have no barrier, are small, and fit 320 pixels in light and dark', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const { page, context, faults } = await openPage(browser, [demo.console], { viewport: { width: 320, height: 640 }, colorScheme });
      const unsubscribe = unsubscribeLink(mails[1]);
      for (const link of [unsubscribe, unsubscribe.replace(/[^/]+$/, 'forged')]) {
        const answer = await page.goto(link);
        assert.ok((await answer.body()).length < 30_000);
        assert.deepEqual(await violations(page), []);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(overflow <= 1);
      }
      assert.deepEqual(faults, []);
      await context.close();
    }
  });

  test('the preferences behind the footer can be changed without a script', async () => {
    const { page, context } = await openPage(browser, [demo.console], { javaScriptEnabled: false });
    const text = mails[2].replace(/=\r\n/g, '').replace(/=3D/g, '=');
    const preferences = text.match(/http:\/\/[^\s"<>]+\/p\/preferences\/[^\s"<>)]+/)[0];
    await page.goto(preferences);
    assert.ok((await page.locator('form').count()) > 0);
    await page.locator('form button').last().click();
    assert.equal(await page.locator('h1').count(), 1);
    await context.close();
  });

  test('an email is read without a request to anybody', async () => {
    const { page, context, faults } = await openPage(browser, [demo.mailbox, demo.console]);
    await page.goto(`${demo.mailbox}/messages/1`);
    await page.frameLocator('iframe').locator('a').first().waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  });
});
