#!/bin/sh
# Concatenates the SQL parts given as arguments into one extension script.
# printf, not echo: dash's echo would turn the "\e" of \echo into an escape byte.
set -eu
printf '%s\n' '\echo Use "CREATE EXTENSION ruvector" to load this file. \quit'
for part in "$@"; do
  printf '\n-- %s\n\n' "$(basename "$part")"
  cat "$part"
done
