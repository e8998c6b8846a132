// Package providers describes sources of imagery and their terms: the built-in providers, those of
// the user's providers.toml, Ortho4XP's .lay files, URL templates and MBTiles files. It sends no
// requests; package fetch does.
//
// # Secrets
//
// A Provider has no token. Tokens come from the environment or the user's files when a template is
// resolved, and no error shows one.
package providers
