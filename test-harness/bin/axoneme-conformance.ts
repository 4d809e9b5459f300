#!/usr/bin/env node
import { conformanceCommand } from './conformance-command.ts';

process.exitCode = await conformanceCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
