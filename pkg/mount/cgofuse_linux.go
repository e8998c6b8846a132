//go:build winfsp

package mount

// A program for Linux that has the tag mounts through cgofuse: to test it and to measure it.
func init() { newDriver = newCgoFuse }
