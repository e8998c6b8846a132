// Package providers says where imagery comes from and on what terms: the built-in providers, those
// of the user's providers.toml, Ortho4XP's .lay files, URL templates and MBTiles files. It asks
// nobody; package fetch does.
//
// # Secrets
//
// A Provider holds no token. Tokens come from the environment or the user's files when a template
// is resolved, and no error shows one.
package providers
