/** Makes the component, `component.wasm`. Nothing of WASI is brought along but what the world itself imports. */

import { readFile, writeFile } from 'node:fs/promises';

import { componentize } from '@bytecodealliance/componentize-js';

const importsHttp = (await readFile('wit/world.wit', 'utf8')).includes('import wasi:http/');
// HTTP of a world stands on clocks and streams; the engine's own `fetch` is not used.
const needed = importsHttp ? ['clocks', 'http'] : [];
const disableFeatures = ['stdio', 'random', 'clocks', 'http', 'fetch-event'].filter((feature) => !needed.includes(feature));
const { component } = await componentize({ sourcePath: 'component.js', witPath: 'wit', worldName: 'plugin', disableFeatures });
await writeFile('component.wasm', component);
