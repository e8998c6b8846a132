//go:build race

package dds

const raceEnabled = true
