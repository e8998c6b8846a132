package mounttest

// Apart begins a shell script that has a mount namespace of its own: it takes the mounts of other
// tests out of it, except those below its working directory. A namespace has a copy of every mount
// there is, and none of them ends, unmounted or not, before the namespace does.
const Apart = `awk '$3 == "fuse.xelpack" && index($2, ENVIRON["PWD"] "/") != 1 {print $2}' ` +
	`/proc/self/mounts | while read -r at; do umount -l "$(printf %b "$at")" || :; done; `
