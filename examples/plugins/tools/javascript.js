/**
 * Makes a component of a JavaScript module: `node javascript.js <module> <wit folder> <component>`. Nothing of WASI is brought along but what
 * the world itself imports, so that a segment is a pure function and a channel asks for no more than it uses.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';

import { componentize } from '@bytecodealliance/componentize-js';

const [, , sourcePath, witPath, target] = argv;
const importsHttp = (await readFile(join(witPath, 'world.wit'), 'utf8')).includes('import wasi:http/');
// HTTP of a world stands on clocks and streams; the engine's own `fetch` is not used.
const needed = importsHttp ? ['clocks', 'http'] : [];
const disableFeatures = ['stdio', 'random', 'clocks', 'http', 'fetch-event'].filter((feature) => !needed.includes(feature));
const { component } = await componentize({ sourcePath, witPath, worldName: 'plugin', disableFeatures });
await writeFile(target, component);
