#!/usr/bin/env node
import { labCommand } from './lab-command.ts';

process.exitCode = await labCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
